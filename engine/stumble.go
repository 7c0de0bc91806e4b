package engine

import (
	"errors"
	"fmt"

	"github.com/accesscodes/lockctl/lock"
)

// Whatever a command or a question runs into, its host goes on: a bug in the thought about a lock parks that lock (park.go), one in a
// command or a question is its answer.

// bugError: a bug was met in the thought about a device, in the input-th input of a step, which is a command, or, without either, on
// the way to an answer.
type bugError struct {
	device  lock.DeviceID
	command bool
	input   int
	what    string
}

func (e *bugError) Error() string {
	switch {
	case e.device != "":
		return fmt.Sprintf("device %s: %s", e.device, e.what)
	case e.command:
		return "the command met a bug, and changed nothing: " + e.what
	}
	return "the question met a bug: " + e.what
}

// met is what a panic says, bounded. A PIN in it is dots.
func met(r any) string { return clip(fmt.Sprint(r)) }

// suspect notes what a batch failed for. It reports whether that was not suspected before, so that the batch can be tried again without
// it.
func (e *Engine) suspect(err error) bool {
	var bug *bugError
	switch {
	case !errors.As(err, &bug):
		return false
	case bug.command:
		if e.spoilt[bug.input] != nil {
			return false
		}
		if e.spoilt == nil {
			e.spoilt = map[int]*bugError{}
		}
		e.spoilt[bug.input] = bug
		return true
	case e.bugs[bug.device] != "":
		return false
	}
	if e.bugs == nil {
		e.bugs = map[lock.DeviceID]string{}
	}
	e.bugs[bug.device] = bug.what
	return true
}

// take takes the n-th input of the step, a command. A panic on the way becomes the error of the batch, which is then tried again; the
// command is answered with it.
func (b *batch) take(s Submission, n int) {
	if bug := b.e.spoilt[n]; bug != nil {
		b.replies = append(b.replies, reply{done: s.Done, err: bug})
		return
	}
	defer func() {
		if r := recover(); r != nil {
			b.err = &bugError{command: true, input: n, what: met(r)}
		}
	}()
	b.submit(s)
}

// caught makes a panic on the way to an answer its error.
func caught(err *error) {
	if r := recover(); r != nil {
		*err = &bugError{what: met(r)}
	}
}
