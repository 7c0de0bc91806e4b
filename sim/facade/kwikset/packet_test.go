package kwikset

import (
	"encoding/hex"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// The packets of the app are read as the lock reads them, and what is no such packet is refused.
func TestPackets(t *testing.T) {
	zone, err := lock.LoadZone("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]struct{ digits, name, window, why string }{
		"00040011123402054775657374":                 {"1234", "Guest", "", ""},
		"0005003182467f010700005c77c368340203416e6e": {"82467", "Ann", "2026-07-03T21:00:00Z 2026-07-06T16:00:00Z", ""},
		"0004004113590104782d8a3e020443726577":       {"1359", "Crew", "", ""}, // Monday to Friday
		"0004004113590104f02d8a3e020443726577":       {why: "hours"},           // minute 60
		"0004004113590104782d8a00020443726577":       {why: "hours"},           // on no day
		"0004011112340202416e":                       {why: "slots that are chosen are not simulated"},
		"0004001012340202416e":                       {why: "codes that are switched off are not simulated"},
		"000400111a340202416e":                       {why: "digits"},
		"0003001112f0":                               {why: "records"},
		"00030011120202416e":                         {why: "records"},
		"000400111234020141":                         {why: "name"},
		"00040011123402054775":                       {why: "records"},
		"0202416e000400111234":                       {why: "records"},
		"0004003112340202416e":                       {why: "this schedule is not simulated"},
		"000400311234010700005c70c368340202416e":     {why: "dates"}, // month 0
	} {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		got, _, why := codeOf(b, zone, now, false)
		window := ""
		if !got.Window.IsZero() {
			window = got.Window.From.Format(time.RFC3339) + " " + got.Window.To.Format(time.RFC3339)
		}
		if why != want.why || why == "" && (got.PIN.Reveal() != want.digits || got.Name != want.name || window != want.window) {
			t.Errorf("%s is read as %s %s %s, %q", text, got.PIN.Reveal(), got.Name, window, why)
		}
	}
	for text, want := range map[string]int{"050104": 4, "0501ff": 255, "050100": 0, "05020404": 0, "030104": 0, "": 0} {
		b, err := hex.DecodeString(text)
		if slot, ok := slotOf(b); err != nil || slot != want || ok != (want > 0) {
			t.Errorf("%q deletes slot %d", text, slot)
		}
	}
}
