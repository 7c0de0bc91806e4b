package tui

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/engine"
)

// spoken runs the linear interface on the small hotel with typed lines.
func speak(t *testing.T, host *fakeHost, lines ...string) string {
	t.Helper()
	var out bytes.Buffer
	err := RunPlain(context.Background(), Options{
		Host: host, Lab: newFakeLab(host), Zone: berlin, Actor: "anna", In: strings.NewReader(strings.Join(lines, "\n") + "\n"), Out: &out,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range out.String() {
		if r < 0x20 && r != '\n' {
			t.Fatalf("the output holds the control character %q", r)
		}
	}
	return out.String()
}

func TestPlainTellsTheDay(t *testing.T) {
	said := speak(t, smallHotel(), "today")
	for _, want := range []string{"SIMULATED locks", "1. will fail: Park at Garage", "Do: remove a code that nobody needs", "exposed: Party at Roof terrace", "Code lopez"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said:\n%s", want, said)
		}
	}
}

func TestPlainErasesOnlyWhatIsConfirmed(t *testing.T) {
	host := smallHotel()
	if said := speak(t, host, "revoke smith", "yes", "quit"); !strings.Contains(said, "cancelled, nothing was changed") || len(host.submitted) != 0 {
		t.Errorf("%d commands were sent:\n%s", len(host.submitted), said)
	}
	speak(t, host, "revoke smith", "revoke")
	if len(host.submitted) != 1 || host.submitted[0].Do != (engine.Delete{Code: "smith"}) {
		t.Errorf("sent %+v", host.submitted)
	}
}

func TestPlainUnderstandsTimes(t *testing.T) {
	host := smallHotel()
	speak(t, host, "new front Ada Lovelace from mon 15:00 to +2d", "move smith to mon 12:00")
	if len(host.submitted) != 2 {
		t.Fatalf("sent %+v", host.submitted)
	}
	made := host.submitted[0].Do.(engine.Create)
	if made.Device != "front" || made.Name != "Ada Lovelace" || made.Starts.In(berlin).Format("Mon 15:04") != "Mon 15:00" || made.Ends.In(berlin).Format("Mon 15:04") != "Wed 15:00" {
		t.Errorf("made %+v", made)
	}
	moved := host.submitted[1].Do.(engine.Update)
	if moved.Code != "smith" || moved.Starts != nil || moved.Ends.In(berlin).Format("15:04") != "12:00" {
		t.Errorf("moved %+v", moved)
	}
}

func TestPlainRefusesInOneSentence(t *testing.T) {
	said := speak(t, smallHotel(), "fly", "code", "lock nowhere", "new front Bob from teatime", "rate fast")
	for _, want := range []string{`there is no command "fly"`, "code needs CODE", `no lock, or more than one, is called "nowhere"`, "from is not a time", "rate needs a number"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said:\n%s", want, said)
		}
	}
}
