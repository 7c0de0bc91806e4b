package smartthings_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/smartthings"
	"github.com/accesscodes/lockctl/lock"
	cloud "github.com/accesscodes/lockctl/sim/facade/smartthings"
)

// unauthorized checks that a login is refused, and that it is to blame.
func unauthorized(t *testing.T, d driver.Driver) {
	t.Helper()
	_, err := d.Devices(t.Context())
	if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != driver.Unauthorized || e.Blame != driver.BlameAccount {
		t.Errorf("the login gives %v", err)
	}
}

// A login goes on for months, although each of its refresh tokens can be used once, and after a restart with what was kept.
func TestALoginOutlivesItsTokens(t *testing.T) {
	h := open(t, legacy)
	var kept provider.MemorySecrets
	h.cloud.Expire()
	unauthorized(t, h.login(&provider.MemorySecrets{})) // the first token was spent by the driver of the house
	token, err := h.signIn(&kept)
	drivertest.Must(t, err)
	if token.IsZero() {
		t.Fatal("nothing was kept of the sign-in")
	}
	d := h.login(&kept)
	for range 60 {
		h.leap.Pass(24 * time.Hour)
		if _, err := d.Devices(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	h.cloud.Expire() // a day's token that the vendor has ended is renewed at once
	if _, err := h.login(&kept).Devices(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.leap.Pass(31 * 24 * time.Hour)
	unauthorized(t, h.login(&kept))
	if strings.Contains(h.log.String(), cloud.ClientSecret("house")) {
		t.Error("the log has the secret of the app")
	}
}

// signIn lets the app in as a person would, with the code that their browser is sent away with.
func (h *house) signIn(s provider.Secrets) (provider.Token, error) {
	h.t.Helper()
	err := smartthings.Provider().SignIn(h.t.Context(), h.env(s), provider.Account{
		ID: "house", Texts: map[string]string{"client_id": cloud.ClientID("house"), "base_url": h.server.URL}, Secrets: secrets(),
	}, func(ctx context.Context, q provider.Question) (string, error) {
		browser := *h.server.Client()
		browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, q.URL, nil)
		drivertest.Must(h.t, err)
		res, err := browser.Do(req)
		drivertest.Must(h.t, err)
		drivertest.Must(h.t, res.Body.Close())
		return res.Header.Get("Location"), nil
	})
	token, _, _ := s.Load(h.t.Context())
	return token, err
}

func TestASignInThatIsRefused(t *testing.T) {
	h := open(t, legacy)
	for _, answer := range []string{"", "https://localhost/lockctl?error=denied", "123456"} {
		var kept provider.MemorySecrets
		err := smartthings.Provider().SignIn(t.Context(), h.env(&kept), provider.Account{
			ID: "house", Texts: map[string]string{"client_id": cloud.ClientID("house"), "base_url": h.server.URL}, Secrets: secrets(),
		}, func(context.Context, provider.Question) (string, error) { return answer, nil })
		if _, rev, _ := kept.Load(t.Context()); err == nil || rev != 0 {
			t.Errorf("%q: %v, and something was kept: %v", answer, err, rev != 0)
		}
	}
}

// A personal token works for a day. One that may only look is refused what it may not do.
func TestAPersonalToken(t *testing.T) {
	h := open(t, legacy)
	d := h.as(nil, provider.Account{Secrets: map[string]string{"token": cloud.PersonalToken("house")}})
	if _, err := d.Devices(t.Context()); err != nil {
		t.Error(err)
	}
	err := d.(driver.Subscriber).Subscribe(t.Context(), "https://locks.example.org/hooks/a")
	if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != driver.Unsupported {
		t.Errorf("a token of no app is to have events posted: %v", err)
	}
	looking := h.as(nil, provider.Account{Secrets: map[string]string{"token": cloud.PersonalToken("house") + "-looking"}})
	_, err = looking.Set(t.Context(), h.door, lock.Credential{Code: "c", PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
	if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != driver.Unauthorized {
		t.Errorf("a token that may only look gets %v", err)
	}
	h.leap.Pass(24 * time.Hour)
	unauthorized(t, d)
}

func TestSettingsThatAreWrong(t *testing.T) {
	for _, a := range []provider.Account{
		{Texts: map[string]string{"base_url": "api.smartthings.com"}, Secrets: map[string]string{"token": "t"}},
		{Texts: map[string]string{"zone": "Vienna"}, Secrets: map[string]string{"token": "t"}},
		{Texts: map[string]string{"client_id": "c"}},
		{Texts: map[string]string{"client_id": "c"}, Secrets: map[string]string{"client_secret": "s"}},
		{},
	} {
		a.ID = "house"
		if _, err := smartthings.Provider().Open(t.Context(), provider.Env{HTTP: &http.Client{}}, a); err == nil || !strings.HasPrefix(err.Error(), "account house: ") {
			t.Errorf("%v gives %v", a.Texts, err)
		}
	}
}
