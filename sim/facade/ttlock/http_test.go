package ttlock_test

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/facadetest"
	"github.com/accesscodes/lockctl/sim/facade/ttlock"
)

// How locks are set up is chosen over the control port, as a stranger's program finds them: three locks at one gateway, of which one goes to
// Wi-Fi, then saves power, and one belongs to nothing.
func TestHabits(t *testing.T) {
	leap, err := facade.NewLeap(time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Model: "ttlock", Account: facadetest.Account, Hub: "counter"}, {ID: "side", Model: "ttlock", Account: facadetest.Account, Hub: "counter"},
		{ID: "back", Model: "ttlock", Account: facadetest.Account, Hub: "counter"},
	}})
	must(t, err)
	h := facadetest.Open(t, leap, func(f *sim.Fleet) (facade.Cloud, error) { return ttlock.New(f, facadetest.Account) })
	h.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := url.Values{"clientId": {ttlock.ClientID(facadetest.Account)}, "clientSecret": {ttlock.ClientSecret(facadetest.Account)}}
	const sum = "c3b2d8d9a5cb1c3d8ebb8f8ac9a7ee69"
	h.Asks("POST", "/oauth2/token", with(client, "username", ttlock.Username(facadetest.Account), "password", sum).Encode(), http.StatusOK, `"errcode":10007`)
	var signed struct {
		Token string `json:"access_token"`
	}
	said := h.Asks("POST", "/oauth2/token", with(client, "username", ttlock.Username(facadetest.Account), "password", md5Of(ttlock.Password(facadetest.Account))).Encode(), http.StatusOK)
	if err := json.Unmarshal([]byte(said), &signed); err != nil || signed.Token == "" {
		t.Fatal(said, err)
	}
	asks := func(path string, pairs []string, words ...string) string {
		t.Helper()
		form := with(url.Values{"clientId": client["clientId"], "accessToken": {signed.Token}, "date": {ms(leap.Now())}}, pairs...)
		return h.Asks("POST", "/v3"+path, form.Encode(), http.StatusOK, words...)
	}
	ids := map[string]string{}
	var list struct {
		List []struct {
			LockID    int64
			LockAlias string
		}
	}
	must(t, json.Unmarshal([]byte(asks("/lock/list", []string{"pageNo", "1", "pageSize", "10"})), &list))
	for _, x := range list.List {
		ids[x.LockAlias] = strconv.FormatInt(x.LockID, 10)
	}
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
	leap.Pass(time.Minute)
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

// md5Of is a password as the vendor wants it.
func md5Of(password string) string {
	sum := md5.Sum([]byte(password))
	return hex.EncodeToString(sum[:])
}
