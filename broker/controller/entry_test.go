package controller

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// fill sets everything in a value to something that is not zero, each to
// something else.
func fill(v reflect.Value, n *int64) {
	*n++
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, n)
			fill(value, n)
			v.SetMapIndex(key, value)
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString(string(rune('a'+*n%26)) + "ö")
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(uint64(*n % 256))
	default:
		v.SetInt(-*n)
	}
}

// allCommands has each command twice: with all of its fields set, and with none.
func allCommands() []Command {
	var all []Command
	for i := range reflect.TypeFor[Command]().NumField() {
		var full, empty Command
		n := int64(100 * i)
		fill(reflect.ValueOf(&full).Elem().Field(i), &n)
		field := reflect.ValueOf(&empty).Elem().Field(i)
		field.Set(reflect.New(field.Type().Elem()))
		all = append(all, full, empty)
	}
	return all
}

// TestEveryFieldOfEveryCommandIsInItsEntry: one that is forgotten comes back as
// zero.
func TestEveryFieldOfEveryCommandIsInItsEntry(t *testing.T) {
	seen := map[string]bool{}
	for i, cmd := range allCommands() {
		e := entry{Number: uint64(i) << 40, Command: cmd}
		data := encodeEntry(e)
		require.Equal(t, e, decodeEntry(7, data))
		require.Equal(t, data, encodeEntry(e), "equal entries are equal bytes")
		require.False(t, seen[string(data)], "two entries are the same bytes")
		seen[string(data)] = true
		for end := range data {
			_, err := readEntry(data[:end])
			require.Error(t, err, "cut off after %d bytes of %d", end, len(data))
		}
	}
	require.Panics(t, func() { encodeEntry(entry{}) }, "an entry has a command")
}

// TestLimitsOfNumbers are kept, in both directions.
func TestLimitsOfNumbers(t *testing.T) {
	for _, n := range []uint64{0, 1, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
		e := entry{Number: n, Command: Command{DeleteTopic: &DeleteTopic{Name: "t"}}}
		require.Equal(t, e, decodeEntry(1, encodeEntry(e)))
	}
	wide := coder{}
	large := int64(1) << 31
	number(&wide, &large)
	narrow := coder{bytes: wide.bytes, reads: true}
	var n int32
	number(&narrow, &n)
	require.ErrorContains(t, narrow.err, "hold no int32")
	require.Zero(t, n)
}

func TestEntriesThatAreNone(t *testing.T) {
	for name, test := range map[string]struct {
		data []byte
		err  string
	}{
		"nothing":         {nil, "allowed is version 1"},
		"another version": {[]byte(`{"Command":{}}`), `begins with "{", allowed is version 1`},
		"no command":      {[]byte{entryVersion, 0, 0}, "command 0 is unknown"},
		"a later command": {[]byte{entryVersion, 0, 24}, "command 12 is unknown"},
		"a long list":     {[]byte{entryVersion, 0, 18, 0, 0, 126}, "length is 63 with 0 bytes left"},
		"a negative one":  {[]byte{entryVersion, 0, 18, 0, 0, 1}, "length is -1"},
		"a flag of 2":     {[]byte{entryVersion, 0, 16, 0, 0, 4}, "flag is 2"},
		"something behind": {append(encodeEntry(entry{Command: Command{DeleteTopic: &DeleteTopic{}}}), 0),
			"1 bytes are left over"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readEntry(test.data)
			require.ErrorContains(t, err, test.err)
			require.Panics(t, func() { decodeEntry(1, test.data) })
		})
	}
}

// FuzzReadEntry: whatever the bytes are, reading them ends in an error or in an
// entry that is written and read as itself.
func FuzzReadEntry(f *testing.F) {
	for _, cmd := range allCommands() {
		f.Add(encodeEntry(entry{Number: 300, Command: cmd}))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := readEntry(data)
		if err != nil {
			return
		}
		again, err := readEntry(encodeEntry(e))
		require.NoError(t, err)
		require.Equal(t, e, again)
	})
}
