package lock

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// marker is long enough to turn up in no address, time or count by chance.
const marker = "739182645091"

type nested struct {
	Name  string
	PIN   PIN
	quiet PIN // fmt can't call methods of what it reaches through unexported fields
	list  []PIN
	Map   map[string]PIN
	ByPIN map[PIN]string
	Ptr   *PIN
	Any   any
	inner struct{ held Held }
}

func newNested(t *testing.T) nested {
	p := pin(t, marker)
	n := nested{Name: "guest", PIN: p, quiet: p, list: []PIN{p}, Map: map[string]PIN{"a": p}, ByPIN: map[PIN]string{p: "b"}, Ptr: &p, Any: p}
	n.inner.held = Held{PIN: p}
	return n
}

func TestPINIsSilent(t *testing.T) {
	n := newNested(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%c", "%U", "%e", "%t", "%08v", "%-20s", "%.3s"} {
		for _, v := range []any{n.PIN, n.Ptr, n, &n, n.list, n.inner, []any{n}, Credential{PIN: n.PIN}, Observation{Held: []Held{{PIN: n.PIN}}}} {
			if out := fmt.Sprintf(verb, v); leaks(out) {
				t.Errorf("%s of %T tells the digits", verb, v)
			}
		}
	}
	if got := fmt.Sprint(n.PIN); got != dots {
		t.Errorf("a PIN prints as %q", got)
	}
	for name, marshal := range map[string]func(any) ([]byte, error){"json": json.Marshal, "xml": xml.Marshal} {
		if out, err := marshal(Credential{Name: "guest", PIN: n.PIN}); err != nil || leaks(string(out)) || !strings.Contains(string(out), dots) {
			t.Errorf("%s gives %s, %v", name, out, err)
		}
	}
	if out, err := json.Marshal(n); err != nil || leaks(string(out)) {
		t.Errorf("json of nested values: %v", err)
	}
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).With("pin", n.PIN).Info("set", "value", n, "pointer", &n, "list", n.list, slog.Group("g", "pin", n.PIN), "err", fmt.Errorf("bad %v", n.PIN))
	}
	if leaks(log.String()) || !strings.Contains(log.String(), dots) {
		t.Error("a log tells the digits, or not that there is a PIN")
	}
}

// leaks looks for the digits, plain or in hexadecimal.
func leaks(s string) bool {
	return strings.Contains(s, marker) || strings.Contains(strings.ToLower(s), fmt.Sprintf("%x", marker))
}

func TestPINSizeIsNotTold(t *testing.T) {
	if a, b := fmt.Sprint(pin(t, "1")), fmt.Sprint(pin(t, marker)); a != b {
		t.Errorf("PINs of different lengths print as %q and %q", a, b)
	}
}

func TestParsePIN(t *testing.T) {
	for _, s := range []string{"1", "0000", "123456789012"} {
		p, err := ParsePIN(s)
		if err != nil || p.Reveal() != s || p.Len() != len(s) || p.IsZero() || p != pin(t, s) {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{"", "1234567890123", "12a4", " 1234", "12-34", "１２３４", "-123", "1\n"} {
		p, err := ParsePIN(s)
		if !errors.Is(err, ErrPIN) || !p.IsZero() {
			t.Errorf("%q: %v", s, err)
		}
	}
	if pin(t, "0123") == pin(t, "123") {
		t.Error("a leading zero got lost")
	}
	var zero PIN
	if zero.Reveal() != "" || zero.String() != "" || zero.Len() != 0 || fmt.Sprintf("%d", zero) != "" {
		t.Error("the zero PIN shows something")
	}
}
