package engine

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// TestEncodersWriteWhatJSONDoes fills records with random values, zero ones among them, and compares every byte.
func TestEncodersWriteWhatJSONDoes(t *testing.T) {
	same(t, encodeRun)
	same(t, encodeCode)
	same(t, encodeHeld)
	same(t, encodeEvent)
	same(t, encodeCommit)
	same(t, encodeUndo)
	same(t, encodeLink)
	same(t, encoderOf[config]()) // of every kind of field that a record has
	same(t, encoderOf[Receipt]())
}

func same[T any](t *testing.T, enc func([]byte, *T) []byte) {
	t.Helper()
	luck := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var v T
		fill(luck, reflect.ValueOf(&v).Elem())
		want, err := json.Marshal(&v)
		if err != nil {
			t.Fatal(err)
		}
		enc(nil, &v) // what is kept from one time to the next must not be seen
		if got := string(enc([]byte("{"), &v)); got != "{"+string(want) {
			t.Fatalf("%T is written as\n%s\nwant\n%s", v, got[1:], want)
		}
	}
}

// fill gives v a random value; each part of it is zero now and then.
func fill(luck *rand.Rand, v reflect.Value) {
	if !v.CanSet() || luck.IntN(3) == 0 {
		return
	}
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		zones := [...]*time.Location{time.UTC, time.FixedZone("", 5400), time.FixedZone("", -7*3600)}
		*x = time.Unix(luck.Int64N(4e9), luck.Int64N(3)*luck.Int64N(1e9)).In(zones[luck.IntN(len(zones))])
		return
	case *driver.Blame:
		*x = [...]driver.Blame{driver.BlameCloud, driver.BlameLock}[luck.IntN(2)]
		return
	case *past:
		fill(luck, reflect.ValueOf(&x.list).Elem())
		if len(x.list) == 0 {
			x.list = nil
		}
		return
	case *lock.PIN:
		*x, _ = lock.ParsePIN([...]string{"0000", "4829", "123456789012"}[luck.IntN(3)])
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString([...]string{"plain", `quo"te and back\slash`, "<a & b>", "line\nend\x01", "höflich 👋", "bad \xff bytes", "\u2028", "\x7f"}[luck.IntN(8)])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(luck.Int64() >> (64 - v.Type().Bits()) * (1 - 2*luck.Int64N(2)))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(luck.Uint64() >> (64 - v.Type().Bits()))
	case reflect.Float32, reflect.Float64:
		v.SetFloat([...]float64{-1, 0.87, 1e-9, 3e25, 1.0 / 3}[luck.IntN(5)])
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(luck, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), luck.IntN(4), 8))
		for i := range v.Len() {
			fill(luck, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(luck, v.Field(i))
		}
	}
}

func BenchmarkEncodeRun(b *testing.B) {
	now := time.Date(2026, 3, 28, 8, 0, 0, 0, time.UTC)
	r := run{
		Wake: now, Why: "guest starts", Calls: 7, Reach: lock.Reached, Look: look{At: now, Clock: true, Zone: "Europe/Berlin", Cursor: "12"},
		Flight: &flight{ID: "front#7", Verb: CallSet, Code: "guest", Since: now, Deadline: now.Add(30*time.Second + 1), Reason: "due"},
		Radio:  Radio{5, 2, 1}, Pace: pace{time.Second, time.Second}, Row: summary{Account: "house", Name: "front", System: "nuki", Battery: 0.8, Set: 1, Link: lock.Reached},
	}
	pin, err := lock.ParsePIN("4829")
	if err != nil {
		b.Fatal(err)
	}
	for i := range 6 { // as many as a lock remembers that changes guests every few days
		r.Erased.add(erased{Ref: "4711", Slot: i + 1, PIN: vaultPIN{pin}, Code: "guest", At: now.Add(time.Duration(i) * 1_234_567_890)}, maxErased)
	}
	b.Run("own", func(b *testing.B) {
		var text []byte
		for b.Loop() {
			text = encodeRun(text[:0], &r)
		}
	})
	b.Run("json", func(b *testing.B) {
		for b.Loop() {
			encode(&r)
		}
	})
}

// TestAChangedListIsWrittenAnew changes a list whose text is kept in each way that there is.
func TestAChangedListIsWrittenAnew(t *testing.T) {
	now := time.Date(2026, 3, 28, 8, 0, 0, 0, time.UTC)
	var r run
	check := func(what string) {
		t.Helper()
		if got, want := string(encodeRun(nil, &r)), string(encode(&r)); got != want {
			t.Errorf("after %s the record is\n%s\nwant\n%s", what, got, want)
		}
	}
	check("nothing")
	for _, ref := range []lock.Ref{"1", "2", "3"} {
		r.Mislaid.add(erased{Ref: ref, At: now}, maxMislaid)
		check("one more")
	}
	r.Mislaid.take(1)
	check("one was taken")
	r.Mislaid.drop(now, func(e erased) bool { return e.Ref == "3" })
	check("one was dropped")
	r.Mislaid.drop(now.Add(2*erasedFor), func(erased) bool { return false })
	check("all are too old")
	if !r.Mislaid.IsZero() {
		t.Errorf("%d are left", len(r.Mislaid.list))
	}
}
