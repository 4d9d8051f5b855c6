package workloads

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// validatePlan checks that the workers of the options can perform their plan.
// Its error is one line that counts operations from 0.
func (o LogOptions) validatePlan() error {
	allowed := o.functions()
	for i, op := range o.Plan {
		if err := op.validate(o, allowed); err != nil {
			return fmt.Errorf("workload: plan: op %d: %w", i, err)
		}
	}
	return nil
}

func (op Op) validate(o LogOptions, allowed map[string][]string) error {
	functions, known := allowed[op.Worker]
	switch {
	case op.At < 0:
		return fmt.Errorf("at_ms %d, allowed is 0 and above", op.At)
	case !known:
		return fmt.Errorf("worker %q, allowed are %s", op.Worker, o.workerNames())
	case !slices.Contains(functions, op.F):
		return fmt.Errorf("f %q, allowed for %s is %s", op.F, op.Worker, strings.Join(functions, " or "))
	case op.Partition < 0 || op.Partition >= o.Partitions:
		return fmt.Errorf("partition %d, allowed are 0 to %d", op.Partition, o.Partitions-1)
	case op.Back < 0:
		return fmt.Errorf("back %d, allowed is 0 and above", op.Back)
	case op.Lead < 0 || op.Lead > o.Tenancy.Brokers:
		return fmt.Errorf("lead %d, allowed are 0 to %d (brokers)", op.Lead, o.Tenancy.Brokers)
	case op.Lead > 0 && op.F != Create:
		return fmt.Errorf("lead %d, allowed in a %s only, not in a %s", op.Lead, Create, op.F)
	case op.Back > 0 && op.F != Move && op.F != Read:
		return fmt.Errorf("back %d, allowed in a %s or a %s only, not in a %s", op.Back, Move, Read, op.F)
	}
	return nil
}

// functions says what each worker can do.
func (o LogOptions) functions() map[string][]string {
	can := map[string][]string{}
	for i := range o.Producers {
		for lane := range o.Lanes {
			can[producerName(i, lane)] = []string{Send}
		}
	}
	for i := range o.Consumers {
		can[consumerName(i)] = []string{Poll, Move}
	}
	for i := range o.Probers {
		can[proberName(i)] = []string{EndOffset, Read}
	}
	for i := range o.Tenancy.Tenants {
		can[tenantName(i)] = []string{Create, Send, Read, Delete}
	}
	return can
}

// workerNames lists the workers, kind by kind.
func (o LogOptions) workerNames() string {
	names := []string{producerName(0, 0) + " to " + strings.TrimPrefix(producerName(o.Producers-1, o.Lanes-1), "producer ")}
	if o.Consumers > 0 {
		names = append(names, fmt.Sprintf("%s to %d", consumerName(0), o.Consumers-1))
	}
	if o.Probers > 0 {
		names = append(names, fmt.Sprintf("%s to %d", proberName(0), o.Probers-1))
	}
	if o.Tenancy.Tenants > 0 {
		names = append(names, fmt.Sprintf("%s to %d", tenantName(0), o.Tenancy.Tenants-1))
	}
	return strings.Join(names, ", ")
}

// planned are the operations that a plan has for a worker, in the order in which
// it lists them.
func planned(plan []Op, worker string) iter.Seq[Op] {
	return func(yield func(Op) bool) {
		for _, op := range plan {
			if op.Worker == worker && !yield(op) {
				return
			}
		}
	}
}

// idle tells whether a plan was given that has nothing for a worker.
func (o LogOptions) idle(worker string) bool {
	return o.Plan != nil && !slices.ContainsFunc(o.Plan, func(op Op) bool { return op.Worker == worker })
}
