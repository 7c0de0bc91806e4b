package world

import (
	"errors"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/sim"
)

// maxAgain bounds the steps of one instant. A fleet whose every lock has something to do takes a few; an engine that asks
// for more never rests.
const maxAgain = 100_000

// Submit applies a command at Now. It must not be called from Watch.
func (w *World) Submit(c engine.Command) (engine.Receipt, error) {
	if w.err != nil {
		return engine.Receipt{}, w.err
	}
	if !w.running {
		return engine.Receipt{}, ErrStopped
	}
	w.again = 0
	var receipt engine.Receipt
	err := ErrStopped // if the engine dies before it takes the command
	in := append(w.inbox, engine.Submission{Command: c, Done: func(r engine.Receipt, e error) {
		receipt, err = r, e
		if e == nil {
			w.accepted(c, r)
		}
	}})
	w.inbox = nil
	w.step(in)
	if w.err != nil {
		return engine.Receipt{}, w.err
	}
	return receipt, err
}

// accepted tells the checkers and the session of a command that was taken.
func (w *World) accepted(c engine.Command, r engine.Receipt) {
	if c.DryRun {
		return
	}
	w.log.command(w, w.Now(), c, r)
	w.judge.accept(w.Now(), w.named(c), r)
}

// Snapshot answers a query about what the engine knows. While the engine is stopped the stored state answers.
func (w *World) Snapshot(q engine.Query) (engine.Snapshot, error) {
	e, err := w.reader()
	if err != nil {
		return engine.Snapshot{}, err
	}
	return e.Snapshot(w.ctx, w.Now(), q)
}

// Journal returns up to limit events after a sequence number, oldest first.
func (w *World) Journal(after engine.Seq, limit int) ([]engine.Event, error) {
	e, err := w.reader()
	if err != nil {
		return nil, err
	}
	return e.Journal(w.ctx, after, limit)
}

// offer puts an input aside for the engine's step of this instant, so that all inputs of one instant are taken together.
func (w *World) offer(i engine.Input) {
	if !w.running {
		return // nobody listens
	}
	w.inbox = append(w.inbox, i)
	w.arm(w.Now())
}

// arm sees to it that the engine steps at t or before.
func (w *World) arm(t time.Time) {
	if t.Before(w.Now()) {
		t = w.Now()
	}
	if w.timer != nil && !w.due.After(t) {
		return
	}
	w.timer.Cancel()
	w.due = t
	w.timer = w.kernel.At(t, sim.ClassEngine, w.turn)
}

func (w *World) disarm() {
	w.timer.Cancel()
	w.timer = nil
}

// pump is the engine's turn.
func (w *World) pump() {
	w.timer = nil
	in := w.inbox
	w.inbox = w.taken[:0]
	w.step(in)
	clear(in)
	w.taken = in
}

// step feeds the engine until it has taken every input, and sends its calls.
func (w *World) step(in []engine.Input) {
	life := w.life
	for w.err == nil {
		w.persist()
		if w.err != nil {
			return
		}
		work, err := w.engine.Step(w.Now(), in...)
		if err != nil {
			w.lost(err)
			return
		}
		w.steps++
		w.events += int64(work.Taken + work.Woken)
		w.relate(work.Seq)
		if w.life != life {
			return // what was committed will be read again
		}
		for i := range work.Calls {
			w.send(&work.Calls[i])
			if w.life != life {
				return // killed: the rest was never sent, and nobody is left to take inputs
			}
		}
		if w.again++; w.again > maxAgain || work.Taken == 0 && len(in) > 0 {
			w.err = errors.New("the engine does not come to rest at " + w.Now().Format(time.RFC3339))
			return
		}
		if in = in[work.Taken:]; len(in) > 0 {
			continue
		}
		w.disarm()
		if !work.Wake.IsZero() {
			w.arm(work.Wake)
		}
		if len(w.inbox) > 0 {
			w.arm(w.Now())
		}
		return
	}
}

// send makes one call, which is kept until its end.
func (w *World) send(c *engine.Call) {
	judged := c
	if !w.o.Unjudged {
		judged = w.asJudged(c)
		w.judge.call(w.Now(), *judged)
	}
	w.note(sim.Record{Kind: sim.KindCall, Device: c.Device, Code: c.Code, Name: string(c.Verb), Text: c.Reason})
	life := w.life
	w.carrier().Call(sim.Call{
		ID: string(c.ID), Verb: string(c.Verb), Device: c.Device, Want: c.Want, At: c.At, Known: c.Known, Deadline: c.Deadline,
	}, func(r sim.Result) {
		if w.life == life {
			w.ended(c, judged, &r)
		}
	})
	if w.killAt > 0 {
		if w.killAt--; w.killAt == 0 {
			w.kill()
		}
	}
}

// ended takes the outcome of a call; judged is the call as the checkers know it.
func (w *World) ended(c, judged *engine.Call, r *sim.Result) {
	if !w.o.Unjudged {
		w.judge.outcome(w.Now(), *judged, w.asSeen(c, *r))
	}
	w.note(sim.Record{Kind: sim.KindOutcome, Device: c.Device, Code: c.Code, Name: string(c.Verb), Text: verdict(c, r)})
	w.offer(engine.Outcome{Call: c.ID, Device: c.Device, Err: r.Err, Observation: r.Observation, Held: r.Held})
}

// verdict says in a word how a call ended.
func verdict(c *engine.Call, r *sim.Result) string {
	switch {
	case r.Err != nil && r.Err.Blame != driver.BlameUnknown:
		return r.Err.Kind.String() + " (" + r.Err.Blame.String() + ")"
	case r.Err != nil:
		return r.Err.Kind.String()
	case c.Verb == engine.CallObserve:
		return reachWords[r.Observation.Reach]
	}
	return "ok"
}

// reachWords names the reaches in records.
var reachWords = [...]string{"unknown", "ok", "lock down", "hub down", "account down"}

// notice takes a hint that a cloud pushes.
func (w *World) notice(n driver.Notice) {
	w.offer(engine.Notice(n))
}

// journalPage is how many events are read at a time.
const journalPage = 256

// relate notes the events up to seq that were not noted yet.
func (w *World) relate(seq engine.Seq) {
	for w.seq < seq {
		page, err := w.engine.Journal(w.ctx, w.seq, journalPage)
		if err != nil {
			w.lost(err)
			return
		}
		if len(page) == 0 {
			w.seq = seq
			return
		}
		for _, e := range page {
			w.seq = e.Seq
			w.judge.event(e)
			w.note(sim.Record{At: e.At, Kind: sim.KindEvent, Device: e.Device, Code: e.Code, Name: e.Type, Text: sentence(e)})
		}
	}
}

// sentence is what a record tells of an event.
func sentence(e engine.Event) string {
	switch {
	case e.Issue == nil:
		return e.Text
	case e.Text == "":
		return e.Issue.Code + ": " + e.Issue.Message
	}
	return e.Issue.Code + ": " + e.Text
}
