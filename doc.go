// Package ackproof is the root of a correctness test harness for Kafka-like
// replicated logs: when the broker said "acked", was it true? README.md tells
// how to use it, CONTRIBUTING.md how the house is laid out. The package itself
// holds nothing but the tests that keep the house in order.
package ackproof
