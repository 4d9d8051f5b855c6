package checker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/history"
)

// TestPromised is about faults; what the configuration alone decides stands in
// testdata/promised.txt.
func TestPromised(t *testing.T) {
	at := func(kind string, began, healed int64, nodes ...int) fault {
		second := int64(time.Second)
		f := fault{kind: kind, nodes: nodes, began: began * second, healed: healed * second}
		if healed < 0 {
			f.healed = never
		}
		return f
	}
	wiped := at(wipe, 20, 22, 1)
	unpowered := at(power, 20, 22, 1)
	const lastOfISR = "nodes [1] lost their data at 20.000000s, when the "
	for name, row := range map[string]struct {
		minISR   int
		flush    string
		faults   []fault
		replicas []int  // nil: 1, 2, 3
		broken   string // empty: durability is promised
	}{
		"no fault":                                   {minISR: 2},
		"nothing wiped":                              {minISR: 2, faults: []fault{at(kill, 1, 2, 1, 2, 3), at("partition", 1, 2, 1), at("pause", 1, 2, 1)}},
		"one wiped":                                  {minISR: 2, faults: []fault{wiped}},
		"one wiped twice":                            {minISR: 2, faults: []fault{wiped, at(wipe, 23, 24, 1)}},
		"one wiped, min.isr=1":                       {minISR: 1, faults: []fault{wiped}, broken: "nodes [1] lost their data, and acks=all min.isr=1 covers the loss of 0"},
		"one wiped, min.isr not known":               {minISR: 0, faults: []fault{wiped}, broken: "covers the loss of 0"},
		"two wiped":                                  {minISR: 2, faults: []fault{wiped, at(wipe, 90, 95, 3)}, broken: "nodes [1 3] lost their data, and acks=all min.isr=2 covers the loss of 1"},
		"two wiped at once, min.isr=3":               {minISR: 3, faults: []fault{at(wipe, 20, 22, 1, 2)}},
		"two wiped in turn, min.isr=3":               {minISR: 3, faults: []fault{wiped, at(wipe, 23, 24, 2)}, broken: lastOfISR + "wipe of nodes [2]"},
		"two wiped far apart, min.isr=3":             {minISR: 3, faults: []fault{wiped, at(wipe, 80, 81, 2)}},
		"followers dead when it was wiped":           {minISR: 2, faults: []fault{at(kill, 10, 30, 2, 3), wiped}, broken: lastOfISR + "kill of nodes [2 3] (10.000000s to 30.000000s)"},
		"one follower dead":                          {minISR: 2, faults: []fault{at(kill, 10, 30, 2), wiped}, broken: lastOfISR + "kill of nodes [2]"},
		"never back":                                 {minISR: 2, faults: []fault{at(kill, 1, -1, 2), wiped}, broken: lastOfISR + "kill of nodes [2] (1.000000s to the end)"},
		"back at last moment":                        {minISR: 2, faults: []fault{at(kill, 5, 10, 2), wiped}, broken: lastOfISR + "kill of nodes [2]"},
		"back for long enough":                       {minISR: 2, faults: []fault{at(kill, 5, 9, 2), wiped}},
		"killed before it may be noticed":            {minISR: 2, faults: []fault{wiped, at(kill, 30, 31, 2)}, broken: lastOfISR + "kill of nodes [2]"},
		"killed once it must be":                     {minISR: 2, faults: []fault{wiped, at(kill, 31, 32, 2)}},
		"killed while it was down":                   {minISR: 2, faults: []fault{at(wipe, 20, 40, 1), at(kill, 39, 41, 2)}, broken: lastOfISR + "kill of nodes [2]"},
		"itself killed before":                       {minISR: 2, faults: []fault{at(kill, 18, 19, 1), wiped}},
		"itself killed beside another":               {minISR: 2, faults: []fault{at(kill, 18, 21, 1, 2), wiped}, broken: lastOfISR + "kill of nodes [1 2]"},
		"itself paused":                              {minISR: 2, faults: []fault{at("pause", 18, 19, 1), wiped}, broken: lastOfISR + "pause of nodes [1]"},
		"any clock wrong":                            {minISR: 2, faults: []fault{at(clock, 18, 25, 1, 2, 3), wiped}},
		"itself cut off":                             {minISR: 2, faults: []fault{at("partition", 18, 19, 1), wiped}, broken: lastOfISR + "partition of nodes [1]"},
		"no replica killed":                          {minISR: 2, faults: []fault{at(kill, 10, 30, 4, 5), wiped}},
		"no replica cut off":                         {minISR: 2, faults: []fault{at("partition", 10, 30, 4), wiped}, broken: lastOfISR + "partition of nodes [4]"},
		"replicas not known":                         {minISR: 2, faults: []fault{at(kill, 10, 30, 4, 5), wiped}, replicas: []int{}, broken: lastOfISR + "kill of nodes [4 5]"},
		"one without power":                          {minISR: 2, faults: []fault{unpowered}},
		"one without power, min.isr=1":               {minISR: 1, faults: []fault{unpowered}, broken: "nodes [1] lost their data, and acks=all min.isr=1 covers the loss of 0"},
		"one without power, synced, min.isr=1":       {minISR: 1, flush: "before-ack", faults: []fault{unpowered}},
		"two without power at once":                  {minISR: 2, flush: "interval", faults: []fault{at(power, 20, 22, 1, 3)}, broken: "nodes [1 3] lost their data, and acks=all min.isr=2 covers the loss of 1"},
		"two without power at once, synced":          {minISR: 2, flush: "before-ack", faults: []fault{at(power, 20, 22, 1, 3)}},
		"two without power, the first not whole":     {minISR: 2, faults: []fault{unpowered, at(power, 32, 33, 3)}, broken: "nodes [1 3] lost their data"},
		"two without power, the first whole":         {minISR: 2, faults: []fault{unpowered, at(power, 33, 34, 3)}},
		"two without power, the first never back":    {minISR: 2, faults: []fault{at(power, 20, -1, 1), at(power, 90, 91, 3)}, broken: "nodes [1 3] lost their data"},
		"three in turn, min.isr=3":                   {minISR: 3, faults: []fault{unpowered, at(power, 33, 34, 2), at(power, 45, 46, 3)}},
		"three overlap two by two, min.isr=3":        {minISR: 3, faults: []fault{unpowered, at(power, 31, 33, 2), at(power, 42, 44, 3)}, broken: "nodes [2] lost their data at 31.000000s, when the power of nodes [1]"},
		"one wiped, another without power later":     {minISR: 2, faults: []fault{wiped, at(power, 90, 91, 3)}, broken: "nodes [1 3] lost their data"},
		"one without power, another wiped later":     {minISR: 2, faults: []fault{unpowered, at(wipe, 90, 91, 3)}, broken: "nodes [1 3] lost their data"},
		"followers dead when it lost power":          {minISR: 2, faults: []fault{at(kill, 10, 30, 2, 3), unpowered}, broken: lastOfISR + "kill of nodes [2 3] (10.000000s to 30.000000s)"},
		"followers dead when it lost power, synced":  {minISR: 2, flush: "before-ack", faults: []fault{at(kill, 10, 30, 2, 3), unpowered}},
		"a synced follower without power when wiped": {minISR: 2, flush: "before-ack", faults: []fault{at(power, 18, 19, 2), wiped}, broken: lastOfISR + "power of nodes [2]"},
		"itself without power before":                {minISR: 2, faults: []fault{at(power, 18, 19, 1), wiped}},
		"leaders moved":                              {minISR: 2, faults: []fault{at(elect, 18, 19, 2), wiped, at(elect, 21, 22, 3)}},
		"a disk failed beside it":                    {minISR: 2, faults: []fault{at("disk", 18, 19, 2), unpowered}, broken: lastOfISR + "disk of nodes [2]"},
		"stopped alone":                              {minISR: 1, faults: []fault{at(stop, 18, 19, 1, 2, 3)}},
		"a follower stopped beside it":               {minISR: 2, faults: []fault{at(stop, 18, 19, 2), unpowered}, broken: lastOfISR + "stop of nodes [2]"},
		"itself stopped before":                      {minISR: 2, faults: []fault{at(stop, 18, 19, 1), unpowered}},
		"disks failed alone":                         {minISR: 1, faults: []fault{at("disk", 18, 19, 1, 2, 3)}},
		"a kind not known":                           {minISR: 2, faults: []fault{at("earthquake", 10, 30), wiped}, broken: lastOfISR + "earthquake of nodes []"},
	} {
		t.Run(name, func(t *testing.T) {
			replicas := row.replicas
			if replicas == nil {
				replicas = []int{1, 2, 3}
			}
			p := promised(history.Config{Acks: "all", MinISR: row.minISR, Flush: row.flush}, row.faults, replicas)
			require.Equal(t, row.broken == "", p.Durability, p.Reason)
			require.Contains(t, p.Reason, row.broken)
			require.NotEmpty(t, p.Reason)
		})
	}
}
