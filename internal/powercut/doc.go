// Package powercut runs a program on a disk that loses what was not synced: without it "durable" would be a belief. A
// program that called Yield has its file operations stopped at the kernel's door (seccomp, Linux only), so that a test sees
// each of them before it happens, can let it fail, or can cut the power there. Disk then composes what a disk may hold
// afterwards. What is read is the page cache that the kernel would write out, so that memory-mapped files are no exception.
//
// Only tests use it, and only on Linux.
package powercut
