// Package explore looks for schedules under which a broker breaks its word. It
// draws cases from seeds, simulates and judges them, steers towards what was
// rarely seen, and makes what fails small enough to read.
//
// It promises that a case is everything that its simulation depends on: the same
// file gives the same hash and the same verdict, every time and on any machine.
// It assumes nothing of the broker.
package explore
