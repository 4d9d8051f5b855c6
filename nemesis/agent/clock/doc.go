// Package clock skews the wall clock of running, unmodified processes, one by
// one, on the host that everything else shares.
//
// A process reads the time without the kernel, by code that the kernel maps
// into it: the vDSO. The package redirects that code's wall clock to a few
// instructions of its own, written into the unused end of the same page. The
// page is copied on write, so only that process sees it. From then on setting
// the clock is writing three numbers into the process's memory.
//
// It promises that every reading is either before or after a change, never half
// of one, and that CLOCK_REALTIME, CLOCK_REALTIME_COARSE, gettimeofday and
// time are skewed alike. It leaves alone: monotonic clocks and timers, clocks
// that are read by a real system call (Go and libc do not), the times of files,
// which the kernel writes, and waits until an absolute wall time, which the
// kernel ends.
//
// It assumes the right to trace the process (root, CAP_SYS_PTRACE, or an own
// child), Linux on amd64; elsewhere every call answers ErrUnsupported. A program
// that a process becomes by exec reads the true clock again: see Keeper.
//
// The one invariant: the host's clock and every other process's are untouched.
// The method was shown by chaos-mesh's TimeChaos, which however turns every
// reading into a system call.
package clock
