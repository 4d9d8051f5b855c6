package history

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// History is a whole run as recorded.
type History struct {
	Header Header
	Events []Event
	// Truncated says that the last line was torn: the harness was killed.
	Truncated bool
}

// Ops are the names that an event's F may have when its process is a client's.
// A fault's F is free: its Fault says what it is.
var Ops = []string{Send, Poll, EndOffset, Assign, Drain, Marker, CreateTopic, DeleteTopic}

var types = []Type{Invoke, OK, Fail, Info}

// Load reads the history at path. It takes about 200 bytes of memory per event
// and 16 per record read. What it does not know, it refuses in one line that
// names the file and line, the field, its value and what is allowed; only a
// torn last line is tolerated, and told in Truncated.
func Load(path string) (*History, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	defer func() { _ = f.Close() }() // read only: nothing to lose
	return read(f, path)
}

// Read is Load from a stream.
func Read(r io.Reader) (*History, error) {
	return read(r, "history")
}

func read(r io.Reader, name string) (*History, error) {
	// One decoder over the whole stream, not one per line: it is five times
	// faster. Lines and values still go one to one, because a line torn in the
	// middle of a file is no prefix of valid JSON once the next one follows.
	dec := json.NewDecoder(bufio.NewReaderSize(r, 1<<20))
	h := &History{}
	if err := readHeader(dec, &h.Header); err != nil {
		return nil, fmt.Errorf("%s:1: %w", name, err)
	}
	dec.DisallowUnknownFields()
	seen := interner{}
	for line := 2; ; line++ {
		var e Event
		err := dec.Decode(&e)
		if errors.Is(err, io.EOF) {
			return h, nil
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			h.Truncated = true
			return h, nil
		}
		if err == nil {
			err = e.check()
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, line, describe(err))
		}
		e.Type, e.F = Type(seen.one(string(e.Type))), seen.one(e.F)
		e.Topic, e.Error = seen.one(e.Topic), seen.one(e.Error)
		h.Events = append(h.Events, e)
	}
}

func readHeader(dec *json.Decoder, h *Header) error {
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("header: missing or torn; the first line of a history is its header")
		}
		return fmt.Errorf("header: %w", describe(err))
	}
	// The version decides what fields there are, so it is read before them.
	var v struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return fmt.Errorf("header: %w", describe(err))
	}
	if v.Format != Format {
		return fmt.Errorf("header: format is %q, allowed is %q", v.Format, Format)
	}
	if v.Version != Version {
		return fmt.Errorf("header: version is %d, allowed is %d", v.Version, Version)
	}
	strict := json.NewDecoder(strings.NewReader(string(raw)))
	strict.DisallowUnknownFields()
	if err := strict.Decode(h); err != nil {
		return fmt.Errorf("header: %w", describe(err))
	}
	return h.Config.check()
}

func (c Config) check() error {
	if !slices.Contains([]string{"all", "1", "0"}, c.Acks) {
		return fmt.Errorf("header: config.acks is %q, allowed are \"all\", \"1\", \"0\"", c.Acks)
	}
	if c.MinISR < 0 {
		return fmt.Errorf("header: config.min_isr is %d, allowed is 0 (not known) and above", c.MinISR)
	}
	if c.ReplicationFactor < 0 {
		return fmt.Errorf("header: config.replication_factor is %d, allowed is 0 (not known) and above", c.ReplicationFactor)
	}
	return nil
}

// check refuses an event whose fields have values that the format does not
// know. Whether events fit together is Validate's question.
func (e *Event) check() error {
	if !slices.Contains(types, e.Type) {
		return fmt.Errorf("type is %q, allowed are invoke, ok, fail, info", e.Type)
	}
	if e.Process == NemesisProcess {
		if e.F == ISR && e.Fault == nil {
			return e.checkISR()
		}
		return e.checkFault()
	}
	if e.Process < 0 {
		return fmt.Errorf("p is %d, allowed are -1 (the nemesis) and 0 and above", e.Process)
	}
	if !slices.Contains(Ops, e.F) {
		return fmt.Errorf("f is %q, allowed are %s", e.F, strings.Join(Ops, ", "))
	}
	if e.Partition < 0 {
		return fmt.Errorf("part is %d, allowed is 0 and above", e.Partition)
	}
	for _, r := range e.Records {
		if r.Offset < 0 {
			return fmt.Errorf("records: offset is %d, allowed is 0 and above", r.Offset)
		}
	}
	return nil
}

func (e *Event) checkFault() error {
	if e.Fault == nil {
		return errors.New("fault is missing, an event of process -1 has one")
	}
	if e.Fault.Kind == "" {
		return errors.New(`fault.kind is "", allowed is a fault's name`)
	}
	if e.Type != Invoke && e.Type != Info {
		return fmt.Errorf("type is %q, allowed for a fault are invoke (applied) and info (healed)", e.Type)
	}
	return nil
}

func (e *Event) checkISR() error {
	switch {
	case e.Type != Info:
		return fmt.Errorf("type is %q, allowed for an isr is info", e.Type)
	case e.Topic == "":
		return errors.New("topic is missing, an isr has one")
	case e.LeaderEpoch == nil:
		return errors.New("epoch is missing, an isr has one")
	case len(e.ISR) == 0:
		return errors.New("isr is missing, an isr has one member or more")
	}
	return nil
}

// describe turns the decoder's errors into the house's words.
func describe(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("%s is a %s, allowed is %s", wrong.Field, wrong.Value, wrong.Type)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("unknown field %s: version %d has none of that name", name, Version)
	}
	return err
}

// interner keeps one copy of each string: a history has a handful of names and
// a million uses of them.
type interner map[string]string

func (in interner) one(s string) string {
	if kept, ok := in[s]; ok {
		return kept
	}
	in[s] = s
	return s
}
