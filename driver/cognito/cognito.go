// Package cognito signs in to user pools of Amazon Cognito, as the apps of several lock vendors do: without it each of their drivers
// would have to prove the password by its own arithmetic.
//
// A Pool that is asked makes one attempt. Every error is a *driver.Error without Op and Device, which the vendor's driver adds; it is
// never Ambiguous, because signing in changes nothing at a lock. Passwords and tokens stand in no error.
package cognito

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
)

// Pool is a user pool, and the app by which one signs in to it.
type Pool struct {
	ID     string // region and name, as in us-west-2_2zhrVs9d4
	Client string // id of the app
	Secret string // of the app; "": it has none

	API  *rest.Client // of the pool's region
	Now  func() time.Time
	Rand io.Reader
}

// Endpoint is where the pools of a region are asked.
func Endpoint(region string) string { return "https://cognito-idp." + region + ".amazonaws.com" }

// Region is that of a pool, which its id begins with; an error if it does not.
func Region(pool string) (string, error) {
	region, name, ok := strings.Cut(pool, "_")
	if !ok || name == "" || strings.Trim(region, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || !strings.Contains(region, "-") {
		return "", errors.New("must be the id of a user pool, as in us-west-2_AbCdEf123")
	}
	return region, nil
}

// Tokens are what a sign-in gives.
type Tokens struct {
	Access  provider.Token
	ID      provider.Token
	Refresh provider.Token // zero after a refresh: the one before holds on
	Until   time.Time      // Access and ID are refused from then on
	User    string         // as the pool knows who signed in
}

// Challenge is a question that the pool asks before it gives tokens. The zero Challenge is none.
type Challenge struct {
	Name    string            // SMS_MFA, SOFTWARE_TOKEN_MFA, CUSTOM_CHALLENGE, …
	Told    map[string]string // what the pool says of it
	session string
	user    string // as the pool knows who signs in
}

// SignIn proves the password. Either the Challenge is zero, or there are no Tokens yet.
func (p *Pool) SignIn(ctx context.Context, user, password string) (Tokens, Challenge, error) {
	x, err := begin(p.Rand)
	if err != nil {
		return Tokens{}, Challenge{}, fail(driver.Offline, driver.BlameUnknown, "", err)
	}
	asked, err := p.ask(ctx, "InitiateAuth", request{
		Flow: "USER_SRP_AUTH", Parameters: p.with(user, map[string]string{"USERNAME": user, "SRP_A": hexOf(x.open)}),
	})
	if err != nil {
		return Tokens{}, Challenge{}, err
	}
	if asked.Name != verifier {
		return p.next(asked, user)
	}
	own := asked.Parameters["USER_ID_FOR_SRP"]
	_, name, _ := strings.Cut(p.ID, "_")
	identity := name + own
	key, err := x.key(identity, password, asked.Parameters["SALT"], asked.Parameters["SRP_B"])
	if err != nil {
		return Tokens{}, Challenge{}, fail(driver.Offline, driver.BlameCloud, "", err)
	}
	block, err := base64.StdEncoding.DecodeString(asked.Parameters["SECRET_BLOCK"])
	if err != nil {
		return Tokens{}, Challenge{}, fail(driver.Offline, driver.BlameCloud, "", errors.New("the challenge has no secret block"))
	}
	signature, at := sign(key, identity, block, p.Now())
	given, err := p.ask(ctx, "RespondToAuthChallenge", request{
		Name: verifier, Session: asked.Session, Responses: p.with(own, map[string]string{
			"USERNAME": own, "PASSWORD_CLAIM_SECRET_BLOCK": asked.Parameters["SECRET_BLOCK"], "PASSWORD_CLAIM_SIGNATURE": signature, "TIMESTAMP": at,
		}),
	})
	if err != nil {
		return Tokens{}, Challenge{}, err
	}
	return p.next(given, own)
}

// Answer answers a challenge. Another may follow.
func (p *Pool) Answer(ctx context.Context, c Challenge, answers map[string]string) (Tokens, Challenge, error) {
	said := maps.Clone(answers)
	said["USERNAME"] = c.user
	given, err := p.ask(ctx, "RespondToAuthChallenge", request{Name: c.Name, Session: c.session, Responses: p.with(c.user, said)})
	if err != nil {
		return Tokens{}, Challenge{}, err
	}
	return p.next(given, c.user)
}

// Refresh gives new tokens for the refresh token of an earlier sign-in by Tokens.User.
func (p *Pool) Refresh(ctx context.Context, user string, refresh provider.Token) (Tokens, error) {
	given, err := p.ask(ctx, "InitiateAuth", request{
		Flow: "REFRESH_TOKEN_AUTH", Parameters: p.with(user, map[string]string{"REFRESH_TOKEN": refresh.Reveal()}),
	})
	if err != nil {
		return Tokens{}, err
	}
	t, c, err := p.next(given, user)
	if err == nil && c.Name != "" {
		err = fail(driver.Unauthorized, driver.BlameAccount, c.Name, nil)
	}
	return t, err
}

// next reads what an answer comes to.
func (p *Pool) next(a answer, user string) (Tokens, Challenge, error) {
	r := a.Result
	switch {
	case a.Name != "":
		return Tokens{}, Challenge{a.Name, a.Parameters, a.Session, user}, nil
	case r.Access == "" || r.ID == "":
		return Tokens{}, Challenge{}, fail(driver.Offline, driver.BlameCloud, "", errors.New("the answer has no tokens"))
	}
	return Tokens{
		Access: provider.NewToken(r.Access), ID: provider.NewToken(r.ID), Refresh: provider.NewToken(r.Refresh),
		Until: p.Now().Add(time.Duration(min(max(r.Expires, 0), longest)) * time.Second),
		User:  user,
	}, Challenge{}, nil
}

// longest is how long the service lets a token live, in seconds.
const longest = 24 * 60 * 60

// with adds what proves that the app is the one of the pool, if it has a secret.
func (p *Pool) with(user string, parameters map[string]string) map[string]string {
	if p.Secret != "" {
		m := hmac.New(sha256.New, []byte(p.Secret))
		m.Write([]byte(user + p.Client))
		parameters["SECRET_HASH"] = base64.StdEncoding.EncodeToString(m.Sum(nil))
	}
	return parameters
}

const verifier = "PASSWORD_VERIFIER"

type (
	request struct {
		Flow       string            `json:"AuthFlow,omitempty"`
		Name       string            `json:"ChallengeName,omitempty"`
		Client     string            `json:"ClientId"`
		Parameters map[string]string `json:"AuthParameters,omitempty"`
		Responses  map[string]string `json:"ChallengeResponses,omitempty"`
		Session    string            `json:"Session,omitempty"`
	}
	answer struct {
		Name       string            `json:"ChallengeName"`
		Session    string            `json:"Session"`
		Parameters map[string]string `json:"ChallengeParameters"`
		Result     struct {
			Access  string `json:"AccessToken"`
			ID      string `json:"IdToken"`
			Refresh string `json:"RefreshToken"`
			Expires int64  `json:"ExpiresIn"`
		} `json:"AuthenticationResult"`
	}
)

// refusal says what an error of the service means.
type refusal struct {
	name   string
	kind   driver.Kind
	blame  driver.Blame
	source string // who says so
}

var refusals = [...]refusal{
	{"NotAuthorizedException", driver.Unauthorized, driver.BlameAccount, "service's API reference: wrong user or password, or the refresh token is revoked or too old"},
	{"UserNotFoundException", driver.Unauthorized, driver.BlameAccount, "service's API reference"},
	{"UserNotConfirmedException", driver.Unauthorized, driver.BlameAccount, "service's API reference: the e-mail was never confirmed"},
	{"PasswordResetRequiredException", driver.Unauthorized, driver.BlameAccount, "service's API reference"},
	{"InvalidPasswordException", driver.Unauthorized, driver.BlameAccount, "pyschlage takes it for a wrong password"},
	{"CodeMismatchException", driver.Unauthorized, driver.BlameAccount, "service's API reference: a wrong code was typed"},
	{"ExpiredCodeException", driver.Unauthorized, driver.BlameAccount, "service's API reference: the code was typed too late"},
	{"ResourceNotFoundException", driver.Unauthorized, driver.BlameAccount, "service's API reference: there is no such app in the region"},
	{"InvalidParameterException", driver.Unauthorized, driver.BlameAccount, "service's API reference: the app does not allow this sign-in"},
	{"TooManyRequestsException", driver.Throttled, driver.BlameCloud, "service's API reference"},
	{"LimitExceededException", driver.Throttled, driver.BlameCloud, "service's API reference"},
}

// again is when to ask after the service said that it was asked too much, which it says without a time.
const again = time.Minute

// ask makes one request.
func (p *Pool) ask(ctx context.Context, operation string, r request) (answer, error) {
	r.Client = p.Client
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {"AWSCognitoIdentityProviderService." + operation}}
	got, err := p.API.Do(ctx, http.MethodPost, "/", header, r)
	if err != nil {
		return answer{}, fail(driver.Offline, driver.BlameCloud, "", err)
	}
	if got.Status == http.StatusOK {
		var a answer
		if err := got.JSON(&a); err != nil {
			return answer{}, fail(driver.Offline, driver.BlameCloud, "", err)
		}
		return a, nil
	}
	var said struct {
		Type string `json:"__type"`
	}
	_ = got.JSON(&said) // what is no JSON has no type
	for _, x := range refusals {
		if name := said.Type[strings.LastIndexByte(said.Type, '#')+1:]; name == x.name {
			e := fail(x.kind, x.blame, name, nil)
			if x.kind == driver.Throttled {
				e.RetryAfter = got.RetryAfter(again)
			}
			return answer{}, e
		}
	}
	if got.Status == http.StatusTooManyRequests {
		e := fail(driver.Throttled, driver.BlameCloud, "429", nil)
		e.RetryAfter = got.RetryAfter(again)
		return answer{}, e
	}
	return answer{}, fail(driver.Offline, driver.BlameCloud, fmt.Sprint("sign-in ", got.Status), nil)
}

func fail(kind driver.Kind, blame driver.Blame, vendor string, err error) *driver.Error {
	return &driver.Error{Kind: kind, Blame: blame, Vendor: vendor, Err: err}
}
