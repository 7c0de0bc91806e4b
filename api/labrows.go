package api

import (
	"context"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/lab"
)

// These rows are the controls of a simulation: its clock, its faults, its keypads.

// steer makes a row's work of something that only can fail.
func steer[P any](do func(lab.Lab, context.Context, P) error) func(*call, P) (reply, error) {
	return func(c *call, p P) (reply, error) { return reply{}, labProblem(do(c.lab, c.ctx, p)) }
}

func labState(c *call, _ struct{}) (reply, error) {
	s, err := c.lab.State(c.ctx)
	return reply{"state": s}, labProblem(err)
}

type (
	labPause struct {
		Paused bool `json:"paused" need:"true" doc:"true stops the clock, false lets it go on"`
	}
	labRate struct {
		Rate int `json:"rate" need:"true" doc:"virtual seconds per second, 1 to 86400"`
	}
	labSkip struct {
		To time.Time `json:"to" need:"true" doc:"the virtual instant to run to, as fast as the machine can"`
	}
	labInject struct {
		Fault lab.Fault `json:"fault" need:"true" doc:"On a lock, hub or account, its Kind, and For how many nanoseconds"`
	}
	labHeal struct {
		Target string `json:"target" need:"true" doc:"a fault, or all of a lock, hub or account"`
	}
	labType struct {
		Device lock.DeviceID `json:"device_id" need:"true" doc:"the lock"`
		Code   string        `json:"code" need:"true" doc:"what is typed"`
	}
	labEdit struct {
		Edit wireEdit `json:"edit" need:"true" doc:"what somebody does at the lock or in the vendor's app"`
	}
	labName struct {
		Name string `json:"name" need:"true" doc:"of the kept instant"`
	}
	labTarget struct {
		Target string `json:"target" need:"true" doc:"a lock, hub or account"`
	}
)

func labInjects(c *call, p labInject) (reply, error) {
	id, err := c.lab.Inject(c.ctx, p.Fault)
	return reply{"fault_id": id}, labProblem(err)
}

func labKinds(c *call, p labTarget) (reply, error) {
	kinds, err := c.lab.Kinds(c.ctx, p.Target)
	return reply{"kinds": kinds}, labProblem(err)
}

func labTypes(c *call, p labType) (reply, error) {
	pin, err := lock.ParsePIN(p.Code)
	if err != nil {
		return nil, invalid(mistake{"code", "must be 1 to 12 digits"})
	}
	try, err := c.lab.Type(c.ctx, p.Device, pin)
	return reply{"try": try}, labProblem(err)
}

func labSnapshots(c *call, _ struct{}) (reply, error) {
	names, err := c.lab.Snapshots(c.ctx)
	if names == nil {
		names = []string{}
	}
	return reply{"snapshots": names}, labProblem(err)
}

func labScenario(c *call, _ struct{}) (reply, error) {
	text, err := c.lab.SaveScenario(c.ctx)
	return reply{"scenario": string(text)}, labProblem(err)
}

// labEndpoints are the rows of the controls.
func labEndpoints() []endpoint {
	rows := []endpoint{
		on("/v1/lab/state", "GET POST", ScopeRead, "Shows the clock, the pace and the faults.", labState, gift{"state", lab.State{}}),
		on("/v1/lab/pause", "POST", ScopeWrite, "Stops the clock, or lets it go on.", steer(func(l lab.Lab, ctx context.Context, p labPause) error { return l.Pause(ctx, p.Paused) })),
		on("/v1/lab/rate", "POST", ScopeWrite, "Sets the pace.", steer(func(l lab.Lab, ctx context.Context, p labRate) error { return l.Rate(ctx, p.Rate) })),
		on("/v1/lab/step", "POST", ScopeWrite, "Runs to the next thing that happens.", steer(func(l lab.Lab, ctx context.Context, _ struct{}) error { return l.Step(ctx) })),
		on("/v1/lab/skip_to", "POST", ScopeWrite, "Runs to an instant.", steer(func(l lab.Lab, ctx context.Context, p labSkip) error { return l.SkipTo(ctx, p.To) })),
		on("/v1/lab/inject", "POST", ScopeWrite, "Places a fault.", labInjects, gift{"fault_id", ""}),
		on("/v1/lab/heal", "POST", ScopeWrite, "Ends faults.", steer(func(l lab.Lab, ctx context.Context, p labHeal) error { return l.Heal(ctx, p.Target) })),
		on("/v1/lab/kinds", "GET POST", ScopeRead, "Lists what can ail a lock, hub or account.", labKinds, gift{"kinds", []lab.FaultKind{}}),
		on("/v1/lab/type", "POST", ScopeWrite, "Types digits at a keypad.", labTypes, gift{"try", lab.Try{}}),
		on("/v1/lab/edit", "POST", ScopeWrite, "Changes a lock by hand.", steer(func(l lab.Lab, ctx context.Context, p labEdit) error {
			p.Edit.Edit.PIN = p.Edit.PIN.PIN
			return l.Edit(ctx, p.Edit.Edit)
		})),
		on("/v1/lab/snapshot", "POST", ScopeWrite, "Keeps the present under a name.", steer(func(l lab.Lab, ctx context.Context, p labName) error { return l.Snapshot(ctx, p.Name) })),
		on("/v1/lab/rewind", "POST", ScopeWrite, "Goes back to a kept instant.", steer(func(l lab.Lab, ctx context.Context, p labName) error { return l.Rewind(ctx, p.Name) })),
		on("/v1/lab/snapshots", "GET POST", ScopeRead, "Lists kept instants.", labSnapshots, gift{"snapshots", []string{}}),
		on("/v1/lab/scenario", "GET POST", ScopeRead, "Writes the session as a scenario.", labScenario, gift{"scenario", ""}),
	}
	for i := range rows {
		rows[i] = rows[i].simulated()
	}
	return rows
}
