package engine

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// TestDecodersReadWhatJSONDoes has each decoder read what its encoder makes of random values, and that text damaged: what it takes
// must be what json.Unmarshal makes of it.
func TestDecodersReadWhatJSONDoes(t *testing.T) {
	alike(t, encoderOf[config](), decodeConfig)
	alike(t, encodeRun, decodeRun)
	alike(t, encodeCode, decodeCode)
	alike(t, encodeHeld, decodeHeld)
	alike(t, encodeEvent, decodeEvent)
}

func alike[T any](t *testing.T, enc func([]byte, *T) []byte, dec func([]byte, *T) bool) {
	t.Helper()
	luck := rand.New(rand.NewPCG(3, 4))
	taken := 0
	for range 300 {
		var v T
		fill(luck, reflect.ValueOf(&v).Elem())
		text := enc(nil, &v)
		if !agrees(t, dec, text) && !bytes.Contains(text, []byte("e-9")) && !bytes.Contains(text, []byte("e+25")) {
			t.Fatalf("%T is not taken:\n%s", v, text)
		}
		for range 30 {
			if agrees(t, dec, damage(luck, text)) {
				taken++
			}
		}
	}
	if taken == 0 {
		t.Errorf("of all damaged %T, none was taken", *new(T))
	}
}

// agrees reports whether a decoder takes a text, which then must mean the same to encoding/json.
func agrees[T any](t *testing.T, dec func([]byte, *T) bool, text []byte) bool {
	t.Helper()
	var got, want T
	given := bytes.Clone(text)
	if !dec(given, &got) {
		return false
	}
	for i := range given {
		given[i] = '#' // what was read must not be the text itself
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatalf("%T is taken, and is no such thing: %v\n%s", got, err, text)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%T is read as\n%s\nwant\n%s\nfrom\n%s", got, encode(&got), encode(&want), text)
	}
	return true
}

// damage does one thing to a text that can befall it, or that somebody's hand could do.
func damage(luck *rand.Rand, text []byte) []byte {
	text = bytes.Clone(text)
	at := luck.IntN(len(text))
	to := at + luck.IntN(min(12, len(text)-at))
	switch luck.IntN(5) {
	case 0:
		text[at] ^= 1 << luck.IntN(8)
		return text
	case 1:
		return text[:at]
	case 2:
		return slices.Delete(text, at, to)
	case 3:
		return slices.Insert(text, at, text[at:to]...)
	}
	words := [...]string{"null", "[]", "{}", "-1", "00", "-0", "1.", ".5", "1.50", "7e2", "256", "99999999999999999999", `""`, `"a"`, `"\u00e9"`, "\"\xff\"", " ", ",", `"ID":1,`, `"id":"x",`,
		"true", `"2026-02-29T00:00:00Z"`, `"2024-02-29T23:59:59.120Z"`, `"2026-01-01T24:00:00Z"`, `"2026-01-01T00:00:00.1234567891Z"`, `"2026-01-01T00:00:00.Z"`, `"2026-01-01T00:00:00+00:00"`, `"0000-01-01T00:00:00Z"`}
	with := words[luck.IntN(len(words))]
	if luck.IntN(2) == 0 { // a whole value
		if from := bytes.IndexByte(text[at:], ':'); from >= 0 {
			at += from + 1
			to = max(at, skip(text, at))
		}
	}
	return slices.Replace(text, at, to, []byte(with)...)
}

// FuzzDecoders looks for texts that a decoder and encoding/json understand differently.
func FuzzDecoders(f *testing.F) {
	luck := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		var c code
		fill(luck, reflect.ValueOf(&c).Elem())
		f.Add(encodeCode(nil, &c))
		var r run
		fill(luck, reflect.ValueOf(&r).Elem())
		f.Add(encodeRun(nil, &r))
	}
	f.Add([]byte(`[{"PIN":"0000","Slot":-0,"Window":{"From":"2026-03-28T08:00:00Z"}}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		agrees(t, decodeConfig, text)
		agrees(t, decodeRun, text)
		agrees(t, decodeCode, text)
		agrees(t, decodeHeld, text)
		agrees(t, decodeEvent, text)
	})
}

func BenchmarkDecode(b *testing.B) {
	now := time.Date(2026, 3, 28, 8, 0, 0, 0, time.UTC)
	pin, err := lock.ParsePIN("482913")
	if err != nil {
		b.Fatal(err)
	}
	window := lock.Window{From: now, To: now.Add(48 * time.Hour)}
	c := code{
		ID: "c0123456789", Device: "house/front", Name: "Guest", PIN: vaultPIN{pin}, From: window.From, To: window.To, Drawn: true, Draws: 1,
		Created: now.Add(-100*time.Hour + 123_456_789), Told: now.Add(-90 * time.Hour), Written: true, Was: StatusSet, PlaceNo: 1,
		Places: []place{{ID: 1, Ref: "4711", Slot: 3, PIN: vaultPIN{pin}, Name: "Guest", Window: window, Native: true, Enabled: true, Wrote: now, Accepted: now, Seen: now, Reported: now}},
	}
	r := run{
		Wake: now, Why: "guest starts", Calls: 7, Reach: lock.Reached, Look: look{At: now, Listed: true, Clock: true, Zone: "Europe/Berlin", Cursor: "12"},
		Radio: Radio{5, 2, 1}, Pace: pace{time.Second, time.Second}, Row: summary{Account: "house", Name: "front", System: "nuki", Battery: 0.8, Set: 1, Link: lock.Reached},
	}
	held := []entry{{Ref: "4711", Name: "Guest", PIN: vaultPIN{pin}, Window: window, Enabled: true, Slot: 3, Code: c.ID, Ours: true}, {Ref: "4712", Name: "cleaner", PIN: vaultPIN{pin}, Enabled: true, Slot: 4}}
	benchmarkDecode(b, "code", encodeCode(nil, &c), decodeCode)
	benchmarkDecode(b, "run", encodeRun(nil, &r), decodeRun)
	benchmarkDecode(b, "held", encodeHeld(nil, &held), decodeHeld)
}

func benchmarkDecode[T any](b *testing.B, name string, text []byte, dec func([]byte, *T) bool) {
	b.Run(name+"/own", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !dec(text, new(T)) {
				b.Fatalf("not taken: %s", text)
			}
		}
	})
	b.Run(name+"/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := json.Unmarshal(text, new(T)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
