/* A program for an image: says who it is, and ends with the code it is told. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char **words) {
    printf("hello from C, process %d, started by process %d\n", getpid(), getppid());
    return count > 1 ? atoi(words[1]) : 0;
}
