package broker

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// coreRooms are the packages that run inside a step.
var coreRooms = []string{".", "model", "mutant", "storage", "partition", "controller", "wire"}

// coreImports are all that they may import, besides each other. What is not
// here may reach a clock, a socket, the environment or shared state.
var coreImports = []string{
	"bytes", "cmp", "container/heap", "encoding/binary", "encoding/hex", "encoding/json", "errors", "fmt", "hash/crc32",
	"io", "iter", "maps", "math", "math/rand/v2", "path", "reflect", "regexp", "slices", "sort", "strconv", "strings", "time",
	"github.com/twmb/franz-go/pkg/kerr", "github.com/twmb/franz-go/pkg/kmsg",
	"go.etcd.io/raft/v3", "go.etcd.io/raft/v3/raftpb", "google.golang.org/protobuf/proto",
}

// coreNames are all that they may use of packages that also hold a clock or a
// global source of randomness.
var coreNames = map[string][]string{
	"time":         {"Duration", "Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour"},
	"math/rand/v2": {"Rand", "New", "NewPCG"},
}

// TestTheCoreIsPure guards the contract of Step: nothing inside decides for
// itself. Equal inputs are compared by their effects in determinism_test.go.
func TestTheCoreIsPure(t *testing.T) {
	files := 0
	for _, room := range coreRooms {
		names, err := filepath.Glob(filepath.Join(room, "*.go"))
		require.NoError(t, err)
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			source, err := os.ReadFile(name)
			require.NoError(t, err)
			require.Empty(t, impurities(t, name, string(source)))
			files++
		}
	}
	require.Greater(t, files, 80, "the test must have seen the core")
}

// TestImpuritiesAreSeen plants what the test above must find.
func TestImpuritiesAreSeen(t *testing.T) {
	for source, want := range map[string]string{
		`import "os"`:                                               `imports "os"`,
		`import "hash/maphash"`:                                     `imports "hash/maphash"`,
		`import "github.com/some/body"`:                             `imports "github.com/some/body"`,
		`import "time"; var now = time.Now`:                         "uses time.Now",
		`import t "time"; func f() { t.Sleep(1) }`:                  "uses time.Sleep",
		`import "math/rand/v2"; var n = rand.IntN(3)`:               "uses math/rand/v2.IntN",
		`func f() { go f() }`:                                       "starts a goroutine",
		`func f() { select {} }`:                                    "selects",
		`var c = make(chan int)`:                                    "has a channel",
		`import . "time"`:                                           `imports "time" without a name`,
		`import "time"; const wait = 2 * time.Second; var _ = wait`: "",
	} {
		got := strings.Join(impurities(t, "planted.go", "package p\n"+source), "; ")
		if want == "" {
			require.Empty(t, got, source)
			continue
		}
		require.Contains(t, got, want, source)
	}
}

// impurities lists what a source file of the core may not have.
func impurities(t *testing.T, name, source string) []string {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.SkipObjectResolution)
	require.NoError(t, err)
	var found []string
	report := func(at token.Pos, format string, args ...any) {
		found = append(found, fmt.Sprintf("%s: ", fset.Position(at))+fmt.Sprintf(format, args...))
	}
	guarded := map[string]string{} // local name -> import path
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		require.NoError(t, err)
		if !slices.Contains(coreImports, imported) && !isCoreRoom(imported) {
			report(spec.Pos(), "imports %q", imported)
		}
		local := filepath.Base(strings.TrimSuffix(imported, "/v2"))
		if spec.Name != nil {
			local = spec.Name.Name
		}
		if coreNames[imported] != nil {
			guarded[local] = imported
		}
		if local == "." {
			report(spec.Pos(), "imports %q without a name", imported)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			report(n.Pos(), "starts a goroutine")
		case *ast.SelectStmt:
			report(n.Pos(), "selects")
		case *ast.ChanType:
			report(n.Pos(), "has a channel")
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && guarded[pkg.Name] != "" && !slices.Contains(coreNames[guarded[pkg.Name]], n.Sel.Name) {
				report(n.Pos(), "uses %s.%s", guarded[pkg.Name], n.Sel.Name)
			}
		}
		return true
	})
	return found
}

func isCoreRoom(imported string) bool {
	room, ours := strings.CutPrefix(imported, "github.com/ackproof/ackproof/broker/")
	return ours && slices.Contains(coreRooms, room)
}
