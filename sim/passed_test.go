package sim

import (
	"testing"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// A cloud that keeps a queue of its own takes a call, which changes nothing yet, and passes it on later, past its own troubles.
func TestACallIsTakenAndPassedOnLater(t *testing.T) {
	r := newRig(t, "igloohome")
	want := lock.Credential{PIN: pinOf("482915"), Name: "Guest", Enabled: true, Window: lock.Window{From: start, To: start.Add(time.Hour)}}
	taken := 0
	take := Call{Verb: "set", Want: want, Taken: func() { taken++ }}
	if x := r.call(take); x.Err != nil || taken != 1 || len(r.Memory("a")) != 0 {
		t.Fatalf("%v, taken %d times, the lock holds %d", x.Err, taken, len(r.Memory("a")))
	}
	if _, err := r.Inject(Fault{On: "acc", Kind: "429"}); err != nil {
		t.Fatal(err)
	}
	if x := r.call(take); x.Err == nil || taken != 1 {
		t.Errorf("a cloud that takes no more has taken it: %v", x.Err)
	}
	r.run(time.Minute) // the window has begun: nobody asks for a start ahead any more
	if x := r.call(Call{Verb: "set", Want: want, Passed: true}); x.Err != nil || len(r.Memory("a")) != 1 {
		t.Errorf("passed on: %v, the lock holds %d", x.Err, len(r.Memory("a")))
	}
	if n := r.Counts("a").Sets; n != 2 {
		t.Errorf("%d writes are counted", n)
	}
	if _, err := r.Inject(Fault{On: "h", Kind: "offline"}); err != nil {
		t.Fatal(err)
	}
	if x := r.call(Call{Verb: "clear", At: "k1", Passed: true}); x.Err == nil || x.Err.Vendor != "hub_offline" {
		t.Errorf("passed on without a hub: %v", x.Err)
	}
	due := r.Now().Add(time.Hour)
	var ran time.Time
	r.After(time.Hour, func() { ran = r.Now() })
	r.run(2 * time.Hour)
	if !ran.Equal(due) {
		t.Errorf("what was to be done at %v was done at %v", due, ran)
	}
}
