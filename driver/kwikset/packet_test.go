package kwikset

import (
	"encoding/base64"
	"encoding/hex"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/lock"
)

// The packets of the app, byte for byte.
func TestPackets(t *testing.T) {
	zone, err := lock.LoadZone("America/Chicago")
	drivertest.Must(t, err)
	for _, x := range []struct {
		digits, name string
		from, to     time.Time
		hex, base64  string
	}{
		{"1234", "Guest", time.Time{}, time.Time{}, "00040011123402054775657374", "AAQAERI0AgVHdWVzdA=="},
		{
			"82467", "Ann", time.Date(2026, 7, 3, 16, 0, 0, 0, zone), time.Date(2026, 7, 6, 11, 0, 0, 0, zone),
			"0005003182467f010700005c77c368340203416e6e", "AAUAMYJGfwEHAABcd8NoNAIDQW5u",
		},
	} {
		pin, err := lock.ParsePIN(x.digits)
		drivertest.Must(t, err)
		got, err := createPacket(pin, x.name, lock.Window{From: x.from, To: x.to}, zone)
		drivertest.Must(t, err)
		if hex.EncodeToString(got) != x.hex || base64.StdEncoding.EncodeToString(got) != x.base64 {
			t.Errorf("%s is %x", x.name, got)
		}
	}
	if got := deletePacket(4); hex.EncodeToString(got) != "050104" || base64.StdEncoding.EncodeToString(got) != "BQEE" {
		t.Errorf("a deletion is %x", got)
	}
	// 08:30 to 17:45, as it stands in the packet of a weekly schedule.
	if got := clockPair(time.Date(2026, 1, 1, 8, 30, 0, 0, zone), time.Date(2026, 1, 1, 17, 45, 0, 0, zone)); hex.EncodeToString(got) != "782d8a" {
		t.Errorf("a pair of times is %x", got)
	}
}

// A time that clocks show twice stands for its first coming, so that a window that means the second is not written.
func TestTimesThatClocksShowTwice(t *testing.T) {
	zone, err := lock.LoadZone("America/Chicago")
	drivertest.Must(t, err)
	first := time.Date(2026, 11, 1, 6, 30, 0, 0, time.UTC) // 01:30, still summer
	later := first.Add(48 * time.Hour)
	if _, err := rangeOf(lock.Window{From: first, To: later}, zone); err != nil {
		t.Errorf("the first coming is refused: %v", err)
	}
	for _, w := range []lock.Window{{From: first.Add(time.Hour), To: later}, {From: first.Add(-time.Hour), To: first.Add(time.Hour)}} {
		if _, err := rangeOf(w, zone); err == nil {
			t.Errorf("%v is written", w)
		}
	}
	if _, err := rangeOf(lock.Window{From: first, To: first.AddDate(110, 0, 0)}, zone); err == nil {
		t.Error("a year that has no bits is written")
	}
}

func TestWhatALockAnswers(t *testing.T) {
	for text, want := range map[string]byte{"030104": 4, "0301FF": 255, "0301fa": 250, "030100": 0, "": 0, "0301": 0, "050104": 0, "TOKEN_NOT_FOUND": 0, "03010405": 0} {
		if slot, ok := slotOf(text); slot != want || ok != (want > 0) {
			t.Errorf("%q is slot %d", text, slot)
		}
	}
}

func TestRefs(t *testing.T) {
	for _, r := range []ref{
		{token: "abc", since: time.Unix(1700000000, 0), print: "0011", name: "Ada/Bob"}, {slot: 250, print: "0011", name: "LCABCDE23"}, {slot: 1},
	} {
		if got, ok := parse(r.String()); !ok || got != r {
			t.Errorf("%q is read as %+v", r.String(), got)
		}
	}
	for _, text := range []lock.Ref{"", "1", "slot/0/x/y", "slot/256/x/y", "slot/1", "token//1/x/y", "token/t/soon/x/y", "name/1/x/y"} {
		if r, ok := parse(text); ok {
			t.Errorf("%q is read as %+v", text, r)
		}
	}
}
