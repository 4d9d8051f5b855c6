package controller

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/ackproof/ackproof/broker/model"
)

// coder writes values one after the other, or reads them. What it codes is
// described once, for both directions: a field that is written is read in its
// place. Integers are varints, what has a length begins with it.
//
// After an error it goes on with zero values, so that errors are looked at once,
// at the end. An empty list or map is read as nil.
type coder struct {
	bytes []byte // what was written, or what is left to read
	reads bool
	err   error
}

func (c *coder) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
	c.bytes = c.bytes[:0]
}

// number codes an integer of any width; what does not fit into it is an error.
func number[T ~int16 | ~int32 | ~int64 | ~uint64](c *coder, n *T) {
	if !c.reads {
		c.bytes = binary.AppendVarint(c.bytes, int64(*n))
		return
	}
	got, size := binary.Varint(c.bytes)
	if size <= 0 || int64(T(got)) != got {
		c.fail("%d bytes hold no %T", len(c.bytes), *n)
		return
	}
	*n, c.bytes = T(got), c.bytes[size:]
}

func (c *coder) flag(f *bool) {
	n := int32(0)
	if *f {
		n = 1
	}
	number(c, &n)
	if n != 0 && n != 1 {
		c.fail("flag is %d, allowed are 0 and 1", n)
	}
	*f = n == 1
}

// fixed codes bytes whose number is known.
func (c *coder) fixed(b []byte) {
	switch {
	case !c.reads:
		c.bytes = append(c.bytes, b...)
	case len(c.bytes) < len(b):
		c.fail("%d bytes are left of %d", len(c.bytes), len(b))
	default:
		c.bytes = c.bytes[copy(b, c.bytes):]
	}
}

// length codes that of what has n elements; none is shorter than a byte.
func (c *coder) length(n int) int {
	coded := int64(n)
	number(c, &coded)
	if c.reads && (coded < 0 || coded > int64(len(c.bytes))) {
		c.fail("length is %d with %d bytes left", coded, len(c.bytes))
		return 0
	}
	return int(coded)
}

func (c *coder) text(s *string) {
	n := c.length(len(*s))
	if !c.reads {
		c.bytes = append(c.bytes, *s...)
		return
	}
	*s, c.bytes = string(c.bytes[:n]), c.bytes[n:]
}

func list[T any](c *coder, all *[]T, each func(*T)) {
	n := c.length(len(*all))
	if c.reads && n > 0 {
		*all = make([]T, n)
	}
	for i := range *all {
		each(&(*all)[i])
	}
}

func (c *coder) nodes(ids *[]model.NodeID) {
	list(c, ids, func(id *model.NodeID) { number(c, id) })
}

// properties are written in the order of their names, so that equal commands are
// equal bytes.
func (c *coder) properties(all *map[string]string) {
	names := slices.Sorted(maps.Keys(*all))
	list(c, &names, c.text)
	if c.reads && len(names) > 0 {
		*all = make(map[string]string, len(names))
	}
	for _, name := range names {
		value := (*all)[name]
		c.text(&value)
		(*all)[name] = value
	}
}

// optional codes what may be missing, which is nil.
func optional[T any](c *coder, value **T, code func(*T)) {
	there := *value != nil
	if c.flag(&there); !there {
		return
	}
	if c.reads {
		*value = new(T)
	}
	code(*value)
}
