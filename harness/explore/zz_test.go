package explore

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/ackproof/ackproof/harness/cluster/sim"
	"github.com/ackproof/ackproof/nemesis"
)

func TestZZ(t *testing.T) {
	_ = sim.Weather{}
	reasons := map[string]int{}
	cases, promised, steps := 0, 0, 0
	digits := regexp.MustCompile(`^.*ISR of `)
	nums := regexp.MustCompile(`[0-9]+`)
	for seed := uint64(5_000_000); cases < 150; seed++ {
		c := drawProfile(seed, Bounds{}).Draw(seed)
		n := 0
		for _, s := range c.Schedule.Steps {
			if s.Fault.Kind == nemesis.Wipe || s.Fault.Kind == nemesis.Power && c.Config.Flush != "before-ack" {
				n++
			}
		}
		if n == 0 {
			continue
		}
		cases++
		out, err := Simulate(c, Look{BlackBox: true})
		if err != nil {
			t.Fatal(err)
		}
		if out.Result.Promise.Durability {
			promised++
		} else {
			reasons[nums.ReplaceAllString(digits.ReplaceAllString(out.Result.Promise.Reason, ""), "N")]++
		}
		steps += n
	}
	fmt.Println(cases, "cases", steps, "losses", promised, "promised")
	for r, n := range reasons {
		fmt.Println(n, r)
	}
}
