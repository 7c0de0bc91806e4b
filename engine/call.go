package engine

import (
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// Seq numbers events; it grows by one with each and never repeats. Where a store was put back to an earlier state, as a simulation does, it
// goes on after all that were read (GoOn).
type Seq int64

// CallID names one driver call. A late outcome of a superseded call is ignored by it.
type CallID string

// CallVerb is what a Call does.
type CallVerb string

// The three verbs that the engine uses.
const (
	CallObserve CallVerb = "observe"
	CallSet     CallVerb = "set"
	CallClear   CallVerb = "clear"
)

// Word is what goes on at the lock while the call is made, for people: looking, writing or erasing.
func (v CallVerb) Word() string {
	switch v {
	case CallSet:
		return "writing"
	case CallClear:
		return "erasing"
	}
	return "looking"
}

// Call is one driver attempt that the host is to make. Its intent is durable before the host sees it. The host delivers
// exactly one Outcome for it, at Deadline at the latest.
type Call struct {
	ID       CallID
	Device   lock.DeviceID
	Account  lock.AccountID
	Verb     CallVerb
	Code     lock.CodeID     // whose credential it is about; "": nobody's
	Known    driver.Known    // for observe
	Want     lock.Credential // for set
	At       lock.Ref        // for set (in place) and clear
	Blank    bool            // of set: the digits are random and told to nobody; it only destroys what stands there
	Deadline time.Time
	Due      time.Time // since when its effect is wanted: a write's planned beginning, the end of what is erased; zero: no instant was planned
	Urgent   bool      // somebody arrives, or should have lost their access, around now: it goes before what is not
	Reason   string    // why, in words
}

// Input is what a host feeds to Step: a Submission, an Outcome or a Notice.
type Input interface{ input() }

// Submission is a command on its way in; Done is called exactly once, after the commit or the refusal. Done must not block
// and must not call the engine.
type Submission struct {
	Command Command
	Done    func(Receipt, error)
}

// Outcome is the end of a Call: Err, or the Observation or Held that it brought.
type Outcome struct {
	Call        CallID
	Device      lock.DeviceID
	Err         *driver.Error
	Unsent      bool             // nobody was asked, because too many other calls were; Err has the time after which to try again
	Observation lock.Observation // of observe
	Held        lock.Held        // of set
}

// Notice says "look at this device" (or, with Device "", at every device of the account).
type Notice driver.Notice

func (Submission) input() {}
func (Outcome) input()    {}
func (Notice) input()     {}

// Work is what a Step leaves to its host.
type Work struct {
	Calls []Call
	Wake  time.Time // call Step again at this instant, or earlier with inputs; zero: only with inputs
	Taken int       // inputs taken; offer the rest again
	Seq   Seq       // of the last event written
	Woken int       // devices whose wake was due and handled
}
