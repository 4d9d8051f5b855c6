// Command healthcheck asks a URL once: exit code 0 if it says 200 OK, 1
// otherwise, with the reason on stdout, where `docker inspect` shows it. An
// image FROM scratch has no other program to ask with.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// limit is shorter than the time after which the engine gives up on the check.
const limit = time.Second

func main() { os.Exit(check(os.Args[1:], os.Stdout)) }

func check(args []string, out io.Writer) int {
	if len(args) != 1 {
		fmt.Fprintf(out, "healthcheck: %d arguments, allowed is one URL\n", len(args))
		return 1
	}
	client := http.Client{Timeout: limit}
	response, err := client.Get(args[0])
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	defer response.Body.Close()
	reason, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10)) // what there is of it
	fmt.Fprintf(out, "%s: %s\n", response.Status, strings.TrimSpace(string(reason)))
	if response.StatusCode != http.StatusOK {
		return 1
	}
	return 0
}
