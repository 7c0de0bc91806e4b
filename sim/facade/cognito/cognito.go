// Package cognito signs people in as a user pool of Amazon Cognito does: without it the façades of the vendors that use one could
// only pretend to check a password. It does the real arithmetic, from the service's published formulas, and is no Cloud: a
// vendor's façade hands it the requests that are for it.
package cognito

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// Config says what a pool is.
type Config struct {
	ID     string // region and name
	Client string // id of the one app
	Secret string // of the app; "": it has none
}

// Pool is a user pool with the one user of an account. Somebody who puts "sms+", "totp+" or "custom+" before the user's name is the
// same user, whom the pool asks for more than the password.
type Pool struct {
	Config
	fleet    *sim.Fleet
	account  lock.AccountID
	door     lock.DeviceID // by which the fleet is asked whether the account's cloud answers; "": there is none
	salt     *big.Int
	verifier *big.Int
	drawn    uint64
	open     map[string]*attempt // sign-ins under way, by secret block or session
}

// attempt is a sign-in under way.
type attempt struct {
	at           time.Time
	user         string
	b, ours      *big.Int
	theirs       *big.Int
	challenge    string
	codeWasAsked bool // of a CUSTOM_CHALLENGE
}

const (
	lives    = time.Hour       // of access and id tokens
	patience = 3 * time.Minute // for the next step of a sign-in
	off      = 5 * time.Minute // that a client's clock may be
	atOnce   = 1000            // sign-ins under way
)

// New makes the pool of an account of the fleet.
func New(f *sim.Fleet, account lock.AccountID, c Config) *Pool {
	p := &Pool{Config: c, fleet: f, account: account, open: map[string]*attempt{}}
	for _, d := range f.Devices() {
		if d.Account == account && p.door == "" {
			p.door = d.ID
		}
	}
	p.salt = integer(sum([]byte("salt"), []byte(account))[:16])
	p.verifier = verifierOf(p.salt, p.name(), p.Sub(), Password(account))
	return p
}

// User is the name by which the user of an account signs in.
func User(account lock.AccountID) string { return string(account) + "@example.org" }

// Password is that user's password.
func Password(account lock.AccountID) string { return "Open-" + string(account) + "-1!" }

// Code is what that user's phone and authenticator app show.
const Code = "424242"

// Sub is how the pool itself calls the user.
func (p *Pool) Sub() string {
	h := hex.EncodeToString(sum([]byte("user"), []byte(p.account)))
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:32]
}

// name is what stands in hashes instead of the pool's id.
func (p *Pool) name() string {
	_, name, _ := strings.Cut(p.ID, "_")
	return name
}

// Wants reports whether a request is for a user pool.
func Wants(r facade.Request) bool {
	return r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("X-Amz-Target"), service)
}

const service = "AWSCognitoIdentityProviderService."

// body is what the operations are told.
type body struct {
	AuthFlow           string
	ClientId           string //nolint:revive // the service's own name
	AuthParameters     map[string]string
	ChallengeName      string
	ChallengeResponses map[string]string
	Session            string
}

// Serve answers a request that is for a user pool, as the account's cloud would at this moment.
func (p *Pool) Serve(r facade.Request, reply func(facade.Reply)) {
	if p.door == "" {
		reply(p.answer(r))
		return
	}
	p.fleet.Call(sim.Call{Verb: "observe", Device: p.door, Taken: func() {}}, func(x sim.Result) {
		if x.Err == nil {
			reply(p.answer(r))
			return
		}
		failed, why, _ := facade.Failure(x)
		switch {
		case failed.Status == http.StatusTooManyRequests:
			failed = refuse("TooManyRequestsException", "Too many requests")
		case why == "token_expired":
			failed = wrong()
		}
		reply(failed)
	})
}

func (p *Pool) answer(r facade.Request) facade.Reply {
	var b body
	switch {
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-amz-json-1.1"):
		return refuse("UnknownOperationException", "")
	case json.Unmarshal(r.Body, &b) != nil:
		return refuse("SerializationException", "")
	case b.ClientId != p.Client:
		return refuse("ResourceNotFoundException", "User pool client "+b.ClientId+" does not exist.")
	}
	switch r.Header.Get("X-Amz-Target") {
	case service + "InitiateAuth":
		return p.initiate(b)
	case service + "RespondToAuthChallenge":
		return p.respond(b)
	}
	return refuse("UnknownOperationException", "")
}

func (p *Pool) initiate(b body) facade.Reply {
	switch user := b.AuthParameters["USERNAME"]; b.AuthFlow {
	case "USER_SRP_AUTH":
		theirs, ok := new(big.Int).SetString(b.AuthParameters["SRP_A"], 16)
		switch {
		case user == "":
			return refuse("InvalidParameterException", "Missing required parameter USERNAME")
		case !ok || theirs.Sign() <= 0 || new(big.Int).Mod(theirs, prime()).Sign() == 0:
			return refuse("InvalidParameterException", "Missing required parameter SRP_A")
		}
		if no, ok := p.trusts(user, b.AuthParameters); !ok {
			return no
		}
		factor, known := p.factor(user)
		if !known {
			return refuse("UserNotFoundException", "User does not exist.")
		}
		a := &attempt{at: p.fleet.Now(), user: p.Sub(), b: integer(p.draw(32)), theirs: theirs, challenge: factor}
		a.ours = offer(p.verifier, a.b)
		block := base64.StdEncoding.EncodeToString(p.draw(64))
		p.remember(block, a)
		return success(map[string]any{
			"ChallengeName": "PASSWORD_VERIFIER", "ChallengeParameters": map[string]string{
				"SALT": p.salt.Text(16), "SRP_B": a.ours.Text(16), "SECRET_BLOCK": block, "USERNAME": p.Sub(), "USER_ID_FOR_SRP": p.Sub(),
			},
		})
	case "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN":
		if no, ok := p.trusts(p.Sub(), b.AuthParameters); !ok {
			return no
		}
		if t := b.AuthParameters["REFRESH_TOKEN"]; !strings.HasPrefix(t, refreshes) || !p.checks(t) {
			return refuse("NotAuthorizedException", "Invalid Refresh Token")
		}
		return p.tokens(false)
	}
	return refuse("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client")
}

func (p *Pool) respond(b body) facade.Reply {
	said := b.ChallengeResponses
	if no, ok := p.trusts(said["USERNAME"], said); !ok {
		return no
	}
	name := b.Session
	if b.ChallengeName == "PASSWORD_VERIFIER" {
		name = said["PASSWORD_CLAIM_SECRET_BLOCK"]
	}
	a := p.open[name]
	delete(p.open, name)
	switch {
	case a == nil || p.fleet.Now().Sub(a.at) > patience || said["USERNAME"] != a.user:
		return refuse("NotAuthorizedException", "Invalid session for the user, session is expired.")
	case b.ChallengeName == "PASSWORD_VERIFIER" && a.b != nil:
		return p.verify(a, said)
	case b.ChallengeName != a.challenge || a.b != nil:
		return refuse("InvalidParameterException", "Unexpected challenge")
	case a.challenge == custom:
		return p.custom(a, said["ANSWER"])
	case said[a.challenge+"_CODE"] != Code:
		p.remember(name, a)
		return refuse("CodeMismatchException", "Invalid code or auth state for the user.")
	}
	return p.tokens(true)
}

// verify checks the proof of the password.
func (p *Pool) verify(a *attempt, said map[string]string) facade.Reply {
	block, _ := base64.StdEncoding.DecodeString(said["PASSWORD_CLAIM_SECRET_BLOCK"]) // it was found by it
	proof, err := base64.StdEncoding.DecodeString(said["PASSWORD_CLAIM_SIGNATURE"])
	at, bad := time.Parse("Mon Jan 2 15:04:05 MST 2006", said["TIMESTAMP"])
	key := keyOf(p.verifier, a.b, a.theirs, a.ours)
	want := keyed(key, []byte(p.name()), []byte(a.user), block, []byte(said["TIMESTAMP"]))
	if err != nil || bad != nil || !strings.Contains(said["TIMESTAMP"], " UTC ") || at.Sub(p.fleet.Now()).Abs() > off || string(proof) != string(want) {
		return wrong()
	}
	a.b = nil // the password is proven
	if a.challenge == "" {
		return p.tokens(true)
	}
	return p.challenge(a)
}

// challenge asks for more than the password.
func (p *Pool) challenge(a *attempt) facade.Reply {
	session := base64.RawURLEncoding.EncodeToString(p.draw(48))
	a.at = p.fleet.Now()
	p.remember(session, a)
	told := map[string]string{"USER_ID_FOR_SRP": a.user}
	switch a.challenge {
	case sms:
		told["CODE_DELIVERY_DELIVERY_MEDIUM"], told["CODE_DELIVERY_DESTINATION"] = "SMS", "+*******1234"
	case totp:
		told["FRIENDLY_DEVICE_NAME"] = "phone"
	}
	return success(map[string]any{"ChallengeName": a.challenge, "ChallengeParameters": told, "Session": session})
}

// custom is a challenge of the pool's own: first a code is to be asked for, then told.
func (p *Pool) custom(a *attempt, answer string) facade.Reply {
	switch {
	case !a.codeWasAsked && strings.HasPrefix(answer, "answerType:generateCode,"):
		a.codeWasAsked = true
		return p.challenge(a)
	case a.codeWasAsked && strings.HasPrefix(answer, "answerType:verifyCode,") && strings.HasSuffix(answer, ",code:"+Code):
		return p.tokens(true)
	}
	return wrong()
}

const (
	sms    = "SMS_MFA"
	totp   = "SOFTWARE_TOKEN_MFA"
	custom = "CUSTOM_CHALLENGE"
)

// factor is the challenge that follows the password of somebody who signs in by that name; false: nobody is called that.
func (p *Pool) factor(user string) (string, bool) {
	switch own := User(p.account); user {
	case own, p.Sub():
		return "", true
	case "sms+" + own:
		return sms, true
	case "totp+" + own:
		return totp, true
	case "custom+" + own:
		return custom, true
	}
	return "", false
}

// trusts checks the proof of the app, if it has a secret.
func (p *Pool) trusts(user string, parameters map[string]string) (facade.Reply, bool) {
	switch have := parameters["SECRET_HASH"]; {
	case p.Secret == "" && have == "":
		return facade.Reply{}, true
	case p.Secret != "" && have == "":
		return refuse("NotAuthorizedException", "Client "+p.Client+" is configured with secret but SECRET_HASH was not received"), false
	case have != base64.StdEncoding.EncodeToString(keyed([]byte(p.Secret), []byte(user), []byte(p.Client))):
		return refuse("NotAuthorizedException", "Unable to verify secret hash for client "+p.Client), false
	}
	return facade.Reply{}, true
}

// remember keeps a sign-in under way. Too many of them push out those that are too old, or all.
func (p *Pool) remember(name string, a *attempt) {
	if len(p.open) >= atOnce {
		for n, x := range p.open {
			if p.fleet.Now().Sub(x.at) > patience {
				delete(p.open, n)
			}
		}
		if len(p.open) >= atOnce {
			clear(p.open)
		}
	}
	p.open[name] = a
}

// draw returns bytes that nobody outside can tell in advance, and that are the same in every run.
func (p *Pool) draw(n int) []byte {
	var all []byte
	for len(all) < n {
		p.drawn++
		all = append(all, sum([]byte("draw"), []byte(p.account), []byte(p.ID), binary.BigEndian.AppendUint64(nil, p.drawn))...)
	}
	return all[:n]
}

func success(v any) facade.Reply {
	r := facade.JSON(http.StatusOK, v)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	return r
}

func refuse(kind, message string) facade.Reply {
	r := facade.JSON(http.StatusBadRequest, map[string]string{"__type": kind, "message": message})
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amzn-Errortype", kind+":")
	r.Header.Set("X-Amzn-Errormessage", message)
	return r
}

func wrong() facade.Reply { return refuse("NotAuthorizedException", "Incorrect username or password.") }

// issuer is where tokens say that they are from.
func (p *Pool) issuer() string {
	region, _, _ := strings.Cut(p.ID, "_")
	return fmt.Sprintf("https://cognito-idp.%s.amazonaws.com/%s", region, p.ID)
}
