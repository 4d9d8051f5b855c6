// Package report tells people and machines what came out: a summary that fits
// a screen, a table, JUnit XML, and a progress line while they wait. It promises
// to say nothing that the verdicts do not say, and to end a failure with the
// commands to type next. It assumes nothing about how a verdict was reached.
//
// The one invariant: a line that says "ok" stands for a status that is ok.
package report
