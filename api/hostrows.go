package api

import (
	"errors"
	"net/http"

	"github.com/accesscodes/lockctl/engine"
)

// These rows are the host itself, for another lockctl: whatever the terminal interface and the command line do goes through
// them.

type hostSubmit struct {
	Command wireCommand `json:"command" need:"true" doc:"the command, as the engine has it"`
}

func submitHost(c *call, p hostSubmit) (reply, error) {
	do, err := p.Command.unpack()
	if err != nil {
		return nil, err
	}
	if do.Actor == "" || !c.who.Local {
		do.Actor = c.who.Name // a key can't speak for somebody else
	}
	if do.Key == "" {
		do.Key = c.key
	}
	if reveals(do.Do) && !c.who.May(ScopePINs) {
		return nil, problem(http.StatusForbidden, "forbidden", "this API key lacks the scope "+string(ScopePINs))
	}
	r, err := c.host.Submit(c.ctx, do)
	if err != nil {
		return nil, whole(err)
	}
	return reply{"receipt": packReceipt(r)}, nil
}

// reveals reports whether the receipt of a command carries digits.
func reveals(a engine.Action) bool {
	switch do := a.(type) {
	case engine.Reveal:
		return true
	case engine.Create:
		return do.Tell
	case engine.CreateMany:
		return do.Like.Tell
	}
	return false
}

// whole is a Refusal with all that the engine says of it.
func whole(err error) error {
	var no *engine.Refusal
	var p *Problem
	if errors.As(err, &no) && errors.As(asProblem(err), &p) {
		p.Data = map[string]any{"refusal": no}
		return p
	}
	return err
}

type hostSnapshot struct {
	Query engine.Query `json:"query" need:"true" doc:"the question, as the engine has it"`
}

func snapshotHost(c *call, p hostSnapshot) (reply, error) {
	p.Query.Told = p.Query.Told && c.who.May(ScopePINs)
	s, err := c.host.Snapshot(c.ctx, p.Query)
	if err != nil {
		return nil, whole(err)
	}
	return reply{"snapshot": packSnapshot(s)}, nil
}

type hostJournal struct {
	After *engine.Seq `json:"after" doc:"only lines after this sequence number"`
	Limit *int        `json:"limit" doc:"how many at most: 100 unless told, at most 1000"`
}

func journalHost(c *call, p hostJournal) (reply, error) {
	var after engine.Seq
	var limit int
	set(&after, p.After)
	set(&limit, p.Limit)
	lines, err := c.host.Journal(c.ctx, after, limit)
	if err != nil {
		return nil, whole(err)
	}
	if lines == nil {
		lines = []engine.Event{}
	}
	return reply{"events": lines}, nil
}
