package nemesis

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
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
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var s Schedule
	if err := decoder.Decode(&s); err != nil {
		return Schedule{}, ExplainJSON(err, data, document)
	}
	return s, s.Validate()
}

// document describes the format for people.
const document = "docs/schedule.md"

// ExplainJSON turns the errors of encoding/json about data into the house's form:
// they name the line or the field, and the document that says what is allowed.
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
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("field %s: unknown, allowed are those of %s", field, document)
	}
	return err
}

func lineOf(data []byte, offset int64) int {
	return 1 + bytes.Count(data[:min(offset, int64(len(data)))], []byte("\n"))
}
