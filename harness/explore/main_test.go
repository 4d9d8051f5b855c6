package explore

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
)

// workerVariable turns this test binary into a worker of an Explorer under test.
const workerVariable = "ACKPROOF_TEST_EXPLORE_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) != "" {
		if err := Work(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if told := os.Getenv(shareVariable); told != "" {
		var s share
		if err := errors.Join(json.Unmarshal([]byte(told), &s), s.do()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}
