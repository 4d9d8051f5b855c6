package nemesis

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Load reads a schedule from a file and validates it. Its error is one line
// that names the file.
func Load(path string) (Schedule, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Schedule{}, fmt.Errorf("load schedule: %w", err)
	}
	s, err := parse(data)
	if err != nil {
		return Schedule{}, fmt.Errorf("load schedule %s: %w", path, err)
	}
	return s, nil
}

// Save validates the schedule and writes it to a file, for people to read and
// edit.
func (s Schedule) Save(path string) error {
	if err := s.Validate(); err != nil {
		return fmt.Errorf("save schedule %s: %w", path, err)
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("save schedule %s: %w", path, err)
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("save schedule: %w", err)
	}
	return nil
}

// parse decodes strictly: a misspelt field must not turn into a default.
func parse(data []byte) (Schedule, error) {
	// Format and version are read first and alone: what else stands in a file
	// of another version is that version's business.
	var header struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal(data, &header); err != nil {
		return Schedule{}, ExplainJSON(err, data, document)
	}
	if header.Format != Format {
		return Schedule{}, fmt.Errorf("format %q: allowed is %q", header.Format, Format)
	}
	if header.Version != Version {
		return Schedule{}, fmt.Errorf("version %d: this build reads version %d only", header.Version, Version)
	}
	var s Schedule
	if err := DecodeJSON(data, &s, document); err != nil {
		return Schedule{}, err
	}
	return s, s.Validate()
}

// document describes the format for people.
const document = "docs/schedule.md"

// ExplainJSON turns the errors of encoding/json about data into the house's form:
// they name the line, and the field unless the data is no JSON at all.
func ExplainJSON(err error, data []byte, document string) error {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mismatch):
		return fmt.Errorf("line %d: field %s: a JSON %s does not fit, allowed is %s",
			lineOf(data, mismatch.Offset), mismatch.Field, mismatch.Value, mismatch.Type.Kind())
	case errors.As(err, &syntax):
		return fmt.Errorf("line %d: not JSON: %w", lineOf(data, syntax.Offset), err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("line %d: not JSON: %w", lineOf(data, int64(len(data))), err)
	}
	return err
}

// DecodeJSON decodes data and refuses what has no place there. Its errors are those
// of ExplainJSON.
func DecodeJSON[T any](data []byte, to *T, document string) error {
	err := decodeStrictly(data, to)
	if err == nil {
		return nil
	}
	field, unknown := unknownField(err)
	if !unknown {
		return ExplainJSON(err, data, document)
	}
	where := ""
	if line, ok := lineOfUnknown[T](data, field); ok {
		where = fmt.Sprintf("line %d: ", line)
	}
	return fmt.Errorf("%sfield %s: unknown, allowed are those of %s", where, field, document)
}

func decodeStrictly(data []byte, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode(to)
}

// unknownField is the name, quoted, of the field that encoding/json refused.
func unknownField(err error) (quoted string, ok bool) {
	return strings.CutPrefix(err.Error(), "json: unknown field ")
}

// lineOfUnknown finds the field that was refused. Its name may be a good one
// elsewhere: there, a value that no field takes is what is refused, and here it is
// the name still.
func lineOfUnknown[T any](data []byte, quoted string) (line int, ok bool) {
	for at := 0; ; at += len(quoted) {
		next := bytes.Index(data[at:], []byte(quoted))
		if next < 0 {
			return 0, false
		}
		at += next
		before := slices.Insert(slices.Clone(data), at, []byte(quoted+`:{"?":[{}]},`)...)
		if refused, _ := unknownField(decodeStrictly(before, new(T))); refused == quoted {
			return lineOf(data, int64(at)), true
		}
	}
}

func lineOf(data []byte, offset int64) int {
	return 1 + bytes.Count(data[:min(offset, int64(len(data)))], []byte("\n"))
}
