"""rinit measured side by side with what a user would pick instead: scripts/bench.

| module       | what it does                                                       |
|--------------|--------------------------------------------------------------------|
| contenders   | who is measured: finds the installed ones, builds the others       |
| container    | one of them running as PID 1 of a PID namespace                    |
| rows         | what a row is, and what its figures say                            |
| size, start, | the rows themselves, one module a group                            |
| work, idle,  |                                                                    |
| stop         |                                                                    |
| report       | the table and the JSON                                             |
| picture      | the SVG                                                            |
| check        | what must hold of a report on any machine, however busy            |
"""
