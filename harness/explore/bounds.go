package explore

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/nemesis"
)

// Bounds of Bounds.
const (
	minNodes  = 3 // the topic has three replicas
	maxNodes  = 5 // more find nothing that five do not, and take longer
	minLength = nemesis.Millis(2000)
	maxLength = nemesis.Millis(600_000)
)

// Validate names the first field that cannot be.
func (b Bounds) Validate() error {
	among := func(field, value string, allowed ...string) error {
		if value != "" && !slices.Contains(allowed, value) {
			return fmt.Errorf("%s is %q, allowed are %s", field, value, strings.Join(allowed, ", "))
		}
		return nil
	}
	within := func(field string, value, least, most int64) error {
		if value != 0 && (value < least || value > most) {
			return fmt.Errorf("%s is %d, allowed are %d to %d", field, value, least, most)
		}
		return nil
	}
	_, err := mutant.Parse(b.Mutant)
	for _, err := range []error{
		among("acks", b.Acks, "all", "1", "0"),
		among("flush", b.Flush, "never", "interval", "before-ack"),
		within("min-isr", int64(b.MinISR), 1, 3),
		within("nodes", int64(b.Nodes), minNodes, maxNodes),
		within("length in ms", int64(b.Length), int64(minLength), int64(maxLength)),
		err,
	} {
		if err != nil {
			return err
		}
	}
	return nil
}
