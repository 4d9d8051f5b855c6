package report

import (
	"encoding/xml"
	"fmt"
	"os"
	"strings"

	"github.com/ackproof/ackproof/checker"
)

// Case is one test case of a JUnit file.
type Case struct {
	Name string
	// Status decides the element: a violation is a failure, unknown an error.
	Status  checker.Status
	Message string // one line
	Detail  string
	Seconds float64
}

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string       `xml:"classname,attr"`
	Name    string       `xml:"name,attr"`
	Seconds float64      `xml:"time,attr"`
	Failure *junitDetail `xml:"failure"`
	Error   *junitDetail `xml:"error"`
	Skipped *junitDetail `xml:"skipped"`
}

type junitDetail struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes cases as the JUnit file of one suite.
func WriteJUnit(path, suite string, cases []Case) error {
	s := junitSuite{Name: suite, Tests: len(cases)}
	for _, c := range cases {
		out := junitCase{Class: "ackproof." + suite, Name: c.Name, Seconds: c.Seconds}
		detail := &junitDetail{Message: c.Message, Text: c.Detail}
		switch c.Status {
		case checker.Violation:
			s.Failures++
			out.Failure = detail
		case checker.Unknown:
			s.Errors++
			out.Error = detail
		case checker.Skipped:
			s.Skipped++
			out.Skipped = detail
		}
		s.Cases = append(s.Cases, out)
	}
	data, err := xml.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("junit %s: %w", path, err)
	}
	if err := os.WriteFile(path, []byte(xml.Header+string(data)+"\n"), 0o644); err != nil {
		return fmt.Errorf("junit: %w", err)
	}
	return nil
}

// ChecksAsCases makes a case of each check of a run.
func ChecksAsCases(result checker.Result) []Case {
	var cases []Case
	for _, v := range result.Verdicts {
		c := Case{Name: v.Check, Status: v.Status, Message: v.Reason}
		for _, op := range v.Ops {
			c.Detail += op.String() + "\n"
		}
		c.Detail = strings.TrimSpace(c.Detail)
		cases = append(cases, c)
	}
	return cases
}
