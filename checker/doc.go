// Package checker decides from a history alone whether a replicated log kept
// its word. It knows nothing of how the history was made: another harness's
// history in the same format is judged the same way.
//
// It promises verdicts as values: each check says ok, violation with the op or
// the pair of ops that prove it, unknown with the reason, or skipped. The
// invariant that matters: a violation is never a guess, and unknown is never a
// pass. A proven violation beats unknown.
//
// The log of each topic partition follows from its acks and reads, since every
// ack and every record read names an offset. So the order of appends is not
// searched but read off, and an exact check of real-time order takes O(n log n)
// (witness.go). Porcupine decides the same question by search, on every run
// (porcupine.go); where the two disagree the run fails for that reason.
//
// It assumes, and says unknown or malformed where it can see otherwise:
//   - Values are unique in the run, and times come from one monotonic clock.
//   - Every ack carries its offset, except with acks=0.
//   - Error classes are honest: fail only where the op can never take effect.
//     An op that timed out, or met a lost connection, is info.
//   - The drain happens after all faults are healed and all sends have ended,
//     with all old client connections closed, and from every replica in turn;
//     it ends with a marker per partition that was acked and read back.
//   - A fault's begin is recorded once it is in force, and the time given for
//     its healing lies before anything of it is undone.
//   - The run did some work before, during and after its faults, and each fault
//     has evidence that it had an effect.
package checker
