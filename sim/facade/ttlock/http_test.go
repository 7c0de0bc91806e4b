package ttlock_test

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/facadetest"
	"github.com/accesscodes/lockctl/sim/facade/ttlock"
)

// stranger is a program that knows the vendor's API and the control port, and has signed in.
type stranger struct {
	*facadetest.House
	leap  *facade.Leap
	cloud *ttlock.Cloud
	token string
	ids   map[string]string // of locks, by name
}

func client() url.Values {
	return url.Values{"clientId": {ttlock.ClientID(facadetest.Account)}, "clientSecret": {ttlock.ClientSecret(facadetest.Account)}}
}

// comeIn builds a house of locks at one gateway.
func comeIn(t *testing.T, at time.Time, locks ...lock.DeviceID) *stranger {
	t.Helper()
	var spec sim.Spec
	for _, id := range locks {
		spec.Locks = append(spec.Locks, sim.LockSpec{ID: id, Model: "ttlock", Account: facadetest.Account, Hub: "counter", Zone: "Europe/Berlin"})
	}
	leap, err := facade.NewLeap(at, 7, spec)
	must(t, err)
	s := &stranger{leap: leap, ids: map[string]string{}}
	s.House = facadetest.Open(t, leap, func(f *sim.Fleet) (_ facade.Cloud, err error) {
		s.cloud, err = ttlock.New(f, facadetest.Account)
		return s.cloud, err
	})
	s.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	s.signIn(t)
	var list struct {
		List []struct {
			LockID    int64
			LockAlias string
		}
	}
	must(t, json.Unmarshal([]byte(s.asks("/lock/list", []string{"pageNo", "1", "pageSize", "10"})), &list))
	for _, x := range list.List {
		s.ids[x.LockAlias] = strconv.FormatInt(x.LockID, 10)
	}
	return s
}

func (s *stranger) signIn(t *testing.T) {
	t.Helper()
	var signed struct {
		Token string `json:"access_token"`
	}
	form := with(client(), "username", ttlock.Username(facadetest.Account), "password", md5Of(ttlock.Password(facadetest.Account)))
	said := s.Asks("POST", "/oauth2/token", form.Encode(), http.StatusOK)
	if err := json.Unmarshal([]byte(said), &signed); err != nil || signed.Token == "" {
		t.Fatal(said, err)
	}
	s.token = signed.Token
}

// asks makes a call of the API, whose answer has all of these words.
func (s *stranger) asks(path string, pairs []string, words ...string) string {
	form := with(url.Values{"clientId": client()["clientId"], "accessToken": {s.token}, "date": {ms(s.leap.Now())}}, pairs...)
	return s.Asks("POST", "/v3"+path, form.Encode(), http.StatusOK, words...)
}

// How locks are set up is chosen over the control port, as a stranger's program finds them: three locks at one gateway, of which one goes to
// Wi-Fi, then saves power, and one belongs to nothing.
func TestHabits(t *testing.T) {
	h := comeIn(t, time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC), "front", "side", "back")
	const sum = "c3b2d8d9a5cb1c3d8ebb8f8ac9a7ee69"
	h.Asks("POST", "/oauth2/token", with(client(), "username", ttlock.Username(facadetest.Account), "password", sum).Encode(), http.StatusOK, `"errcode":10007`)
	asks, ids := h.asks, h.ids
	add := func(lock, digits, by string, words ...string) {
		t.Helper()
		asks("/keyboardPwd/add", []string{"lockId", ids[lock], "keyboardPwd", digits, "keyboardPwdType", "2", "addType", by}, words...)
	}
	h.Steer("/habits", `{"account":"house","habits":{"wifi":["side"],"unpaired":["back"],"capacity":2}}`)
	asks("/gateway/list", []string{"pageNo", "1", "pageSize", "10"}, `"lockNum":1`)
	asks("/wifiLock/detail", []string{"lockId", ids["side"]}, `"powerSavingMode":2`, `"isOnline":true`)
	asks("/wifiLock/detail", []string{"lockId", ids["front"]}, `"errcode":-3034`)
	add("back", "482915", "2", `"errcode":-2012`)
	add("side", "482915", "2", `"keyboardPwdId"`)
	h.Steer("/habits", `{"account":"house","habits":{"power_saving":["side"]}}`)
	add("side", "739164", "2", `"errcode":-3035`)
	add("side", "739164", "4", `"keyboardPwdId"`)
	h.leap.Pass(time.Minute)
	h.Steer("/type", `{"lock":"side","pin":"739164"}`)
	asks("/lock/listKeyboardPwd", []string{"lockId", ids["side"], "pageNo", "1", "pageSize", "10"}, `"keyboardPwd":"739164"`, `"status":1`)
	add("side", "582639", "4", `"errcode":-3009`)
	for _, digits := range []string{"482915", "739164"} {
		add("front", digits, "2", `"keyboardPwdId"`)
	}
	add("front", "582639", "2", `"errcode":-3009`)
	add("front", "582639", "1", `"errcode":-3009`)
	gone := []string{"lockId", ids["front"], "keyboardPwdId", "1", "deleteType", "2"}
	asks("/keyboardPwd/delete", gone, `"errcode":0`)
	h.Steer("/habits", `{"account":"house","habits":{"strict":true}}`)
	asks("/keyboardPwd/delete", gone, `"errcode":-2009`)
	h.Refuses("/habits", `{"account":"house","habits":{"wifi":["gate"]}}`, `there is no lock "gate"`)
}

// Random passcodes that stay, that come back on days of the week and that erase others follow their times at the keypad, though nothing
// reaches the lock. What is not used within a day opens no more.
func TestRandomPasscodes(t *testing.T) {
	s := comeIn(t, time.Date(2026, 1, 5, 7, 0, 0, 0, time.UTC), "front") // a Monday, 8:00 at the lock
	s.Steer("/faults", `{"on":"counter","kind":"offline"}`)
	monday := func(day, hour int) time.Time { return time.Date(2026, 1, 5+day, hour-1, 0, 0, 0, time.UTC) }
	form := func(kind string, from, to time.Time) []string {
		return []string{"lockId", s.ids["front"], "keyboardPwdType", kind, "keyboardPwdName", "type " + kind, "startDate", ms(from), "endDate", ms(to)}
	}
	get := func(kind string, from, to time.Time) string {
		t.Helper()
		var got struct{ KeyboardPwd string }
		said := s.asks("/keyboardPwd/get", form(kind, from, to))
		if err := json.Unmarshal([]byte(said), &got); err != nil || len(got.KeyboardPwd) < 6 || len(got.KeyboardPwd) > 9 {
			t.Fatal(kind, said)
		}
		return got.KeyboardPwd
	}
	opens := func(digits string, want bool) {
		t.Helper()
		if said := s.Steer("/type", `{"lock":"front","pin":"`+digits+`"}`); strings.Contains(said, `"opens":true`) != want {
			t.Errorf("at %s: %s", s.leap.Now(), said)
		}
	}
	at := func(x time.Time) { s.leap.Pass(x.Sub(s.leap.Now())) }

	stays, unused := get("2", monday(0, 8), time.Time{}), get("2", monday(0, 8), time.Time{})
	if stays == unused {
		t.Error("two passcodes that stay have the same digits")
	}
	mondays, workdays, each := get("8", monday(0, 9), monday(0, 12)), get("7", monday(0, 9), monday(0, 12)), get("6", monday(0, 20), monday(0, 24))
	weekends, long := get("5", monday(5, 9), monday(5, 17)), get("3", monday(0, 8), monday(60, 8))
	s.asks("/keyboardPwd/get", form("8", monday(0, 9), monday(0, 12)), `"errcode":-1026`)
	s.asks("/keyboardPwd/get", form("9", monday(0, 9), monday(0, 12)), `"errcode":-3,`)
	s.asks("/keyboardPwd/get", form("15", monday(0, 9), monday(0, 12)), `"errcode":-3,`)
	s.asks("/keyboardPwd/get", form("3", monday(0, 9), monday(400, 12)), `"errcode":-3,`)
	listed := []string{"lockId", s.ids["front"], "pageNo", "1", "pageSize", "50"}
	for _, kind := range []string{"2", "3", "5", "6", "7", "8"} {
		s.asks("/lock/listKeyboardPwd", listed, `"keyboardPwdName":"type `+kind+`","keyboardPwdVersion":4,"keyboardPwdType":`+kind+`,`)
	}
	opens(stays, true)
	opens(long, true)
	opens(mondays, false)
	at(monday(0, 10))
	opens(mondays, true)
	opens(workdays, true)
	opens(each, false)
	at(monday(0, 23))
	opens(workdays, false)
	opens(each, true)
	at(monday(1, 10))
	opens(stays, true)
	opens(unused, false)
	opens(mondays, false)
	opens(workdays, true)
	at(monday(5, 10))
	opens(weekends, true)
	opens(workdays, false)
	at(monday(6, 10))
	opens(weekends, true)
	at(monday(7, 10))
	opens(weekends, false)
	opens(mondays, true)
	opens(long, true)

	erases := get("4", monday(7, 10), time.Time{})
	opens(erases, false)
	at(monday(7, 11))
	opens(stays, false)
	opens(workdays, false)
	said := s.asks("/lock/listKeyboardPwd", listed, unused)
	if strings.Contains(said, stays) || strings.Contains(said, erases) {
		t.Errorf("after all that were used are gone: %s", said)
	}
	s.asks("/keyboardPwd/get", form("8", monday(0, 9), monday(0, 12)), `"errcode":-1026`)
}

// md5Of is a password as the vendor wants it.
func md5Of(password string) string {
	sum := md5.Sum([]byte(password))
	return hex.EncodeToString(sum[:])
}
