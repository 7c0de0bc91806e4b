package cognito

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/accesscodes/lockctl/sim/facade"
)

// Use says what a token is for.
type Use string

// refreshes begins refresh tokens, and no others.
const refreshes = "refresh-"

// The two kinds of tokens that vendors take.
const (
	Access Use = "access"
	ID     Use = "id"
)

// claims are what a token says.
type claims struct {
	Sub      string `json:"sub"`
	Issuer   string `json:"iss"`
	Use      Use    `json:"token_use"`
	Issued   int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	AuthTime int64  `json:"auth_time"`
	JTI      string `json:"jti"`
	Client   string `json:"client_id,omitempty"` // of access tokens
	Scope    string `json:"scope,omitempty"`
	Username string `json:"username,omitempty"`
	Audience string `json:"aud,omitempty"` // of id tokens
	Name     string `json:"cognito:username,omitempty"`
	Email    string `json:"email,omitempty"`
	Verified bool   `json:"email_verified,omitempty"`
}

// tokens is the end of a sign-in, or of a refresh, which gives no refresh token.
func (p *Pool) tokens(refresh bool) facade.Reply {
	now := p.fleet.Now()
	c := claims{Sub: p.Sub(), Issuer: p.issuer(), Issued: now.Unix(), AuthTime: now.Unix(), Expires: now.Add(lives).Unix(), JTI: hex.EncodeToString(p.draw(16))}
	access, id := c, c
	access.Use, access.Client, access.Scope, access.Username = Access, p.Client, "aws.cognito.signin.user.admin", p.Sub()
	id.Use, id.Audience, id.Name, id.Email, id.Verified = ID, p.Client, p.Sub(), User(p.account), true
	result := map[string]any{"AccessToken": p.sign(access), "IdToken": p.sign(id), "ExpiresIn": int(lives.Seconds()), "TokenType": "Bearer"}
	if refresh {
		result["RefreshToken"] = p.seal(refreshes + hex.EncodeToString(p.draw(32)))
	}
	return success(map[string]any{"AuthenticationResult": result, "ChallengeParameters": map[string]string{}})
}

func (p *Pool) sign(c claims) string {
	text, err := json.Marshal(c)
	if err != nil {
		return "" // never: it is a struct of strings and numbers
	}
	return p.seal(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(text))
}

// seal adds a signature.
func (p *Pool) seal(text string) string {
	return text + "." + base64.RawURLEncoding.EncodeToString(keyed([]byte("seal "+string(p.account)+p.ID), []byte(text)))
}

// checks reports whether the pool has sealed that.
func (p *Pool) checks(sealed string) bool {
	i := strings.LastIndexByte(sealed, '.')
	return i > 0 && p.seal(sealed[:i]) == sealed
}

// Verdict is what a token is worth.
type Verdict uint8

// The verdicts.
const (
	Forged Verdict = iota
	Expired
	Valid
)

// Judge looks at a token that a vendor's API was given for that use.
func (p *Pool) Judge(token string, use Use) Verdict {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || !p.checks(token) {
		return Forged
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var c claims
	switch {
	case err != nil || json.Unmarshal(text, &c) != nil || c.Use != use:
		return Forged
	case p.fleet.Now().Unix() >= c.Expires:
		return Expired
	}
	return Valid
}
