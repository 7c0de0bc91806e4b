package august

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/oauth"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
)

func signer(system string, digits int64) func(context.Context, provider.Env, provider.Account, provider.Ask) error {
	return func(ctx context.Context, env provider.Env, p provider.Account, ask provider.Ask) error {
		a, err := open(system, digits, env, p)
		if err != nil {
			return err
		}
		sign := a.signSession
		if a.client != "" {
			sign = a.signOAuth
		}
		t, err := sign(ctx, p.Texts["install_id"], ask)
		if err != nil {
			return err
		}
		return oauth.Save(ctx, env.Secrets, t)
	}
}

// signSession signs in with the password, and with a code that the vendor sends to an installation that it does not know.
func (a *account) signSession(ctx context.Context, install string, ask provider.Ask) (oauth.Tokens, error) {
	c := rest.Call{Op: "login"}
	if install == "" {
		var err error
		if install, err = a.newID(); err != nil {
			return oauth.Tokens{}, err
		}
	}
	t, trusted, err := a.session(ctx, c, install)
	if err != nil || trusted {
		return t, err
	}
	if _, err := a.send(ctx, c, http.MethodPost, "/validation/"+a.kind, t.Access.Reveal(), map[string]string{"value": a.address}, ""); err != nil {
		return t, err
	}
	code, err := ask(ctx, provider.Question{Text: "the code that was sent to " + a.address})
	if err != nil {
		return t, err
	}
	_, err = a.send(ctx, c, http.MethodPost, "/validate/"+a.kind, t.Access.Reveal(), map[string]string{a.kind: a.address, "code": code}, "")
	if e, ok := errors.AsType[*driver.Error](err); ok && (e.Kind == driver.Unauthorized || e.Kind == driver.Rejected || e.Kind == driver.NotFound) {
		return t, errors.New("the vendor does not take that code")
	}
	if err != nil {
		return t, err
	}
	if t, trusted, err = a.session(ctx, c, install); err == nil && !trusted {
		err = errors.New("the vendor still does not trust this installation")
	}
	return t, err
}

// signOAuth has a person sign in with a browser, and takes what comes back from there.
func (a *account) signOAuth(ctx context.Context, _ string, ask provider.Ask) (oauth.Tokens, error) {
	if a.redirect == "" {
		return oauth.Tokens{}, errors.New("redirect_uri: is missing")
	}
	state, err := a.newID()
	if err != nil {
		return oauth.Tokens{}, err
	}
	q := url.Values{"client_id": {a.client}, "redirect_uri": {a.redirect}, "state": {state}, "response_type": {"code"}}
	text, err := ask(ctx, provider.Question{
		Text: "the address to which the browser is sent after signing in, or the code in it", URL: a.authorization + "?" + q.Encode(), Secret: true,
	})
	if err != nil {
		return oauth.Tokens{}, err
	}
	code := text
	if u, err := url.Parse(text); err == nil && strings.Contains(text, "?") {
		if back := u.Query().Get("state"); back != "" && back != state {
			return oauth.Tokens{}, errors.New("that address belongs to another attempt to sign in")
		}
		code = u.Query().Get("code")
	}
	if code == "" {
		return oauth.Tokens{}, errors.New("there is no code in that address")
	}
	return a.exchange(ctx, rest.Call{Op: "login"}, map[string]string{"grant_type": "authorization_code", "code": code, "redirect_uri": a.redirect})
}

// newID is one that nobody has had before.
func (a *account) newID() (string, error) {
	b := make([]byte, 16)
	if _, err := io.ReadFull(a.rand, b); err != nil {
		return "", fmt.Errorf("no random bits: %w", err)
	}
	x := hex.EncodeToString(b)
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:], nil
}
