// Package janitor removes what a run made in a container engine when its
// harness is gone, however it went: the engine closes the janitor's stdin with
// the harness's end of the attached pipe, after an exit as after a SIGKILL.
//
// It promises to remove every container, network and volume that carries the
// run's label, its own container last, and to say so on its log.
// It assumes the engine's socket and speaks plain HTTP over it: a client
// library would be most of the binary.
//
// The one invariant: without a living harness there is a clean-up. That
// includes the harness that died before it ever spoke.
package janitor
