package world

import (
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

func TestWhatIsStuckLongAfterTheLastTroubleIsToldSo(t *testing.T) {
	now := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
	ago := func(h int) time.Time { return now.Add(-time.Duration(h) * time.Hour) }
	for _, c := range []struct {
		name string
		code engine.CodeView
		want string
	}{
		{"set", engine.CodeView{Starts: ago(9), Status: engine.StatusSet}, ""},
		{"setting", engine.CodeView{Starts: ago(9), Status: engine.StatusSetting}, "is still setting"},
		{"setting for an hour", engine.CodeView{Starts: ago(1), Status: engine.StatusSetting}, ""},
		{"not due yet", engine.CodeView{Starts: ago(-9), Status: engine.StatusUnset}, ""},
		{"explained", engine.CodeView{Starts: ago(9), Status: engine.StatusSetting, Issues: []engine.Issue{{Code: "rejected_by_device", Definite: true}}}, ""},
		{"told that the lock is full, which has room", engine.CodeView{Starts: ago(9), Status: engine.StatusSetting, Issues: []engine.Issue{{Code: "no_space_for_access_code_on_device"}}}, "is still setting"},
		{"over since an hour", engine.CodeView{Starts: ago(20), Ends: ago(1), Status: engine.StatusRemoving}, ""},
		{"removing", engine.CodeView{Starts: ago(20), Ends: ago(9), Status: engine.StatusRemoving}, "is still removing after its end"},
		{"withdrawn", engine.CodeView{Starts: ago(20), Deleted: ago(9), Status: engine.StatusRemoving}, "is still removing after its end"},
		{"gone", engine.CodeView{Starts: ago(20), Ends: ago(9), Status: engine.StatusGone}, ""},
	} {
		if got := stuck(c.code, lock.Traits{}, room{}, now); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	if got := stuck(engine.CodeView{Starts: ago(20), Ends: ago(9), Status: engine.StatusRemoving}, lock.Traits{CannotList: true}, room{}, now); got != "" {
		t.Errorf("a lock that tells nothing: %q", got)
	}
}

func TestWhatTheLastLookLeftOutIsFoundOutByTheNext(t *testing.T) {
	masked := jit
	masked.HidesPIN, masked.NameMax = true, 20
	c := try(t, masked)
	c.create("guest", "4829", -1, 2)
	c.holds(entry(1, "guest", "4829", lock.Window{}))
	renamed := lock.Held{Ref: c.mem[0].Ref, Name: "guest 14", Enabled: true, Slot: 1}
	named := renamed
	named.Tag = "lc-guest"
	x := Exposed{Device: "front", Code: "guest", From: hours(2)}
	for _, k := range []struct {
		name  string
		at    float64
		shown []lock.Held
		now   float64
		want  bool
	}{
		{"it was looked at before it was to be gone", 1, nil, 3, false},
		{"it was shown", 3, []lock.Held{named}, 4, false},
		{"it was shown with another name, its digits hidden", 3, []lock.Held{renamed}, 4, true},
		{"it was left out", 5, nil, 6, true},
		{"and nobody has looked since", 5, nil, 50, false},
	} {
		c.now = hours(k.at)
		c.look(k.shown...)
		if got := c.j.unshown(x, hours(k.now), 36*time.Hour); got != k.want {
			t.Errorf("%s: got %v", k.name, got)
		}
	}
}
