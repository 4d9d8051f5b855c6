package process

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis/agent"
)

func TestPick(t *testing.T) {
	processes := []Process{
		{ID: ID{PID: 10}, Name: "java", Exe: "/opt/jdk/bin/java", Cmdline: "java -Xmx1g kafka.Kafka", Parent: 30},
		{ID: ID{PID: 20}, Name: "very-long-proce", Exe: "/bin/very-long-process-name"},
		{ID: ID{PID: 30}, Name: "sh", Exe: "/bin/busybox", Cmdline: "sh /start.sh"},
		{ID: ID{PID: 40}, Name: "tail", Exe: "/bin/busybox", Cmdline: "tail -f log", Parent: 10},
	}
	tests := map[string]struct {
		match agent.Match
		want  []int
	}{
		"all":                         {agent.Match{}, []int{10, 20, 30, 40}},
		"executable with descendants": {agent.Match{Name: "java"}, []int{10, 40}},
		"kernel's name":               {agent.Match{Name: "very-long-proce"}, []int{20}},
		"name beyond 15 bytes":        {agent.Match{Name: "very-long-process-name"}, []int{20}},
		"part of a name is no match":  {agent.Match{Name: "jav"}, nil},
		"command line":                {agent.Match{Cmdline: "kafka.Kafka"}, []int{10, 40}},
		"child listed before parent":  {agent.Match{Name: "sh"}, []int{10, 30, 40}},
		"both must fit":               {agent.Match{Name: "java", Cmdline: "start.sh"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []int
			for _, p := range Pick(processes, test.match) {
				got = append(got, p.PID)
			}
			require.Equal(t, test.want, got)
		})
	}
}
