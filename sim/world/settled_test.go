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
