package cognito_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/cognito"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	far "github.com/accesscodes/lockctl/sim/facade/cognito"
)

// cloud answers for a user pool alone.
type cloud struct{ pool *far.Pool }

func (c cloud) Serve(r facade.Request, reply func(facade.Reply)) {
	if !far.Wants(r) {
		reply(facade.Reply{Status: http.StatusNotFound})
		return
	}
	c.pool.Serve(r, reply)
}

func (cloud) Push(lock.DeviceID) []facade.Post { return nil }

func (cloud) Called(id lock.DeviceID) string { return string(id) }

// house is a pool of a simulated account, and how to get there.
type house struct {
	*facade.Leap
	pool *far.Pool
	near *cognito.Pool
}

func open(t *testing.T, secret string) *house {
	t.Helper()
	leap, err := facade.NewLeap(time.Date(2031, 3, 8, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: "kwikset", Account: "house"}}})
	drivertest.Must(t, err)
	h := &house{Leap: leap}
	var server *httptest.Server
	drivertest.Must(t, leap.Do(func(f *sim.Fleet) error {
		h.pool = far.New(f, "house", far.Config{ID: "us-west-2_AbCdEf123", Client: "app", Secret: secret})
		server = httptest.NewServer(facade.Handler(leap, cloud{h.pool}))
		return nil
	}))
	t.Cleanup(server.Close)
	api, err := rest.NewClient(server.Client(), server.URL)
	drivertest.Must(t, err)
	h.near = &cognito.Pool{ID: "us-west-2_AbCdEf123", Client: "app", Secret: secret, API: api, Now: leap.Now, Rand: &counter{}}
	return h
}

// counter is a source of bits that are the same in each run.
type counter struct{ n byte }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		c.n = c.n*5 + 131
		p[i] = c.n
	}
	return len(p), nil
}

// kind checks an error and that it tells neither password nor token.
func kind(t *testing.T, err error, want driver.Kind) *driver.Error {
	t.Helper()
	e, ok := errors.AsType[*driver.Error](err)
	switch {
	case !ok:
		t.Fatalf("%v is no *driver.Error", err)
	case e.Kind != want:
		t.Errorf("it is %v, not %v", err, want)
	case strings.Contains(err.Error(), "Open-house"), strings.Contains(err.Error(), "eyJ"):
		t.Errorf("the error tells a secret")
	}
	return e
}

func (h *house) judge(t *testing.T, token provider.Token, use far.Use, want far.Verdict) {
	t.Helper()
	drivertest.Must(t, h.Do(func(*sim.Fleet) error {
		if got := h.pool.Judge(token.Reveal(), use); got != want {
			t.Errorf("an %s token is found to be %d, not %d", use, got, want)
		}
		return nil
	}))
}

func TestThePasswordIsProven(t *testing.T) {
	for _, secret := range []string{"", "secret of the app"} {
		h := open(t, secret)
		got, asked, err := h.near.SignIn(t.Context(), far.User("house"), far.Password("house"))
		drivertest.Must(t, err)
		if asked.Name != "" || got.Refresh.IsZero() || !got.Until.Equal(h.Now().Add(time.Hour)) {
			t.Errorf("it gives %+v and asks %q", got, asked.Name)
		}
		h.judge(t, got.Access, far.Access, far.Valid)
		h.judge(t, got.ID, far.ID, far.Valid)
		h.judge(t, got.ID, far.Access, far.Forged)
		h.judge(t, got.Refresh, far.Access, far.Forged)
		if said := fmt.Sprintf("%+v %#v", got, got); strings.Contains(said, "eyJ") {
			t.Error("tokens are printed")
		}
		_, _, err = h.near.SignIn(t.Context(), far.User("house"), "Open-house-2!")
		if e := kind(t, err, driver.Unauthorized); e.Blame != driver.BlameAccount || e.Vendor != "NotAuthorizedException" {
			t.Errorf("a wrong password gives %v", err)
		}
		_, _, err = h.near.SignIn(t.Context(), "nobody@example.org", far.Password("house"))
		kind(t, err, driver.Unauthorized)
		wrong := *h.near
		wrong.Secret += "x"
		_, _, err = wrong.SignIn(t.Context(), far.User("house"), far.Password("house"))
		kind(t, err, driver.Unauthorized)
		late := *h.near
		late.Now = func() time.Time { return h.Now().Add(time.Hour) }
		_, _, err = late.SignIn(t.Context(), far.User("house"), far.Password("house"))
		kind(t, err, driver.Unauthorized)
	}
}

func (h *house) session(secrets provider.Secrets, password string) *cognito.Session {
	return &cognito.Session{Pool: h.near, User: far.User("house"), Password: password, Secrets: secrets}
}

func TestASessionIsRenewed(t *testing.T) {
	h := open(t, "secret of the app")
	secrets := &provider.MemorySecrets{}
	s := h.session(secrets, far.Password("house"))
	first, err := s.Tokens(t.Context())
	drivertest.Must(t, err)
	h.Pass(50 * time.Minute)
	if again, err := s.Tokens(t.Context()); err != nil || again != first {
		t.Errorf("a token that holds is replaced: %v", err)
	}
	h.Pass(8 * time.Minute) // two minutes are left
	second, err := s.Tokens(t.Context())
	drivertest.Must(t, err)
	if second == first {
		t.Error("a token that is about to end is used on")
	}
	h.Pass(3 * time.Minute)
	h.judge(t, first.Access, far.Access, far.Expired)
	h.judge(t, second.Access, far.Access, far.Valid)
	// Another process carries on with the saved token, and needs no password for that.
	other, err := h.session(secrets, "forgotten").Tokens(t.Context())
	drivertest.Must(t, err)
	h.judge(t, other.Access, far.Access, far.Valid)
	// A saved token that is refused is made up for by the password.
	_, rev, err := secrets.Load(t.Context())
	drivertest.Must(t, err)
	_, err = secrets.Save(t.Context(), provider.NewToken("somebody revoked"), rev)
	drivertest.Must(t, err)
	third := h.ask(t, s, second)
	h.judge(t, third.Access, far.Access, far.Valid)
	if again, err := s.Tokens(t.Context()); err != nil || again != third {
		t.Errorf("the tokens that were taken are not kept: %v", err)
	}
}

// ask makes a request of a vendor that refuses some tokens, and returns those that it takes.
func (h *house) ask(t *testing.T, s *cognito.Session, refused cognito.Tokens) (taken cognito.Tokens) {
	t.Helper()
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == refused.Access.Reveal() {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer vendor.Close()
	api, err := rest.NewClient(vendor.Client(), vendor.URL)
	drivertest.Must(t, err)
	answer, err := s.Do(t.Context(), api, rest.Call{Op: "observe"}, http.MethodGet, "/", func(now cognito.Tokens) http.Header {
		taken = now
		return http.Header{"Authorization": {now.Access.Reveal()}}
	}, nil, false)
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("it is answered with %d: %v", answer.Status, err)
	}
	return taken
}

// A vendor that refuses every token is asked twice, and no more.
func TestAVendorThatTakesNoToken(t *testing.T) {
	h := open(t, "")
	asked := 0
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer vendor.Close()
	api, err := rest.NewClient(vendor.Client(), vendor.URL)
	drivertest.Must(t, err)
	s := h.session(&provider.MemorySecrets{}, far.Password("house"))
	header := func(cognito.Tokens) http.Header { return nil }
	answer, err := s.Do(t.Context(), api, rest.Call{Op: "observe"}, http.MethodGet, "/", header, nil, false)
	if err != nil || answer.Status != http.StatusUnauthorized || asked != 2 {
		t.Errorf("asked %d times, answered with %d: %v", asked, answer.Status, err)
	}
	s.Password = "forgotten"
	s.Secrets = &provider.MemorySecrets{}
	_, err = s.Do(t.Context(), api, rest.Call{Op: "observe", Device: "front"}, http.MethodGet, "/", header, nil, false)
	if e := kind(t, err, driver.Unauthorized); e.Op != "observe" || e.Device != "front" {
		t.Errorf("the error is of %s %s", e.Op, e.Device)
	}
}

func TestTroublesOfThePool(t *testing.T) {
	for fault, want := range map[string]driver.Kind{"429": driver.Throttled, "5xx": driver.Offline, "down": driver.Offline, "auth-expired": driver.Unauthorized} {
		h := open(t, "")
		drivertest.Must(t, h.Do(func(f *sim.Fleet) error {
			_, err := f.Inject(sim.Fault{On: "house", Kind: fault})
			return err
		}))
		s := h.session(&provider.MemorySecrets{}, far.Password("house"))
		_, err := s.Tokens(t.Context())
		if e := kind(t, err, want); want == driver.Throttled && e.RetryAfter <= 0 {
			t.Error("it does not say when to try again")
		}
		drivertest.Must(t, h.Do(func(f *sim.Fleet) error { return f.Heal("house") }))
		if _, err = s.Tokens(t.Context()); err != nil {
			t.Errorf("after %s: %v", fault, err)
		}
	}
}

func TestAPersonHelpsToSignIn(t *testing.T) {
	guide := func(ctx context.Context, c cognito.Challenge, ask provider.Ask) (map[string]string, bool, error) {
		if c.Name != "CUSTOM_CHALLENGE" {
			return nil, false, nil
		}
		code, err := ask(ctx, provider.Question{Text: "another code"})
		if code == "" {
			return map[string]string{"ANSWER": "answerType:generateCode,medium:phone,codeType:login"}, true, err
		}
		return map[string]string{"ANSWER": "answerType:verifyCode,medium:phone,codeType:login,code:" + code}, true, err
	}
	for factor, answers := range map[string][]string{"": nil, "sms": {far.Code}, "totp": {far.Code}, "custom": {"", far.Code}} {
		h := open(t, "secret of the app")
		secrets := &provider.MemorySecrets{}
		s := h.session(secrets, far.Password("house"))
		if factor != "" {
			s.User = factor + "+" + s.User
			_, err := s.Tokens(t.Context())
			kind(t, err, driver.Unauthorized)
		}
		asked := 0
		drivertest.Must(t, s.Ask(t.Context(), func(_ context.Context, q provider.Question) (string, error) {
			asked++
			if q.Text == "" || asked > len(answers) {
				return "", errors.New("nobody has an answer")
			}
			return answers[asked-1], nil
		}, guide))
		if asked != len(answers) {
			t.Errorf("%q: %d questions", factor, asked)
		}
		after := h.session(secrets, "forgotten") // as when the program is started anew
		if _, err := after.Tokens(t.Context()); err != nil {
			t.Errorf("%q: the saved token is not taken: %v", factor, err)
		}
		if factor == "sms" {
			err := s.Ask(t.Context(), func(context.Context, provider.Question) (string, error) { return "000000", nil }, nil)
			kind(t, err, driver.Unauthorized)
		}
		if factor == "custom" {
			err := s.Ask(t.Context(), nil, nil)
			kind(t, err, driver.Unauthorized)
		}
	}
}

func TestRegions(t *testing.T) {
	if r, err := cognito.Region("us-west-2_AbC"); err != nil || r != "us-west-2" || cognito.Endpoint(r) != "https://cognito-idp.us-west-2.amazonaws.com" {
		t.Error(r, err)
	}
	for _, id := range []string{"", "AbC", "us-west-2_", "_AbC", "evil.example/us-1_AbC"} {
		if r, err := cognito.Region(id); err == nil {
			t.Errorf("%q is of the region %q", id, r)
		}
	}
}

// Whatever a pool answers, it is tokens, a challenge or an error of a known kind.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		`{"ChallengeName":"PASSWORD_VERIFIER","ChallengeParameters":{"SALT":"7a","SRP_B":"3","SECRET_BLOCK":"AAAA","USER_ID_FOR_SRP":"u"}}`,
		`{"AuthenticationResult":{"AccessToken":"a","IdToken":"b","ExpiresIn":-9e18}}`, `{"ChallengeName":"SMS_MFA","Session":"s"}`, `{}`, `[]`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		api, err := rest.NewClient(&http.Client{Transport: drivertest.Said{Body: string(text)}}, "http://127.0.0.1")
		drivertest.Must(t, err)
		p := &cognito.Pool{ID: "us-west-2_A", Client: "app", API: api, Now: func() time.Time { return time.Unix(0, 0) }, Rand: &counter{}}
		got, asked, err := p.SignIn(t.Context(), "user", "password")
		_, known := errors.AsType[*driver.Error](err)
		switch {
		case err != nil && !known:
			t.Fatalf("sign-in: %v", err)
		case err == nil && asked.Name == "" && (got.Access.IsZero() || got.Until.Sub(time.Unix(0, 0)) > 24*time.Hour):
			t.Errorf("tokens %+v", got)
		}
	})
}
