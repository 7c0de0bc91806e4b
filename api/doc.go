// Package api puts an engine on HTTP: without it only programs that link the engine could give out codes. It serves the
// access-code API that hosted services have made common, under their names and shapes, so that existing SDKs work unchanged.
//
// One table (endpoints.go) says everything that is served: paths, verbs, scopes and parameters. Requests are checked against
// it, and /openapi.json is made from it.
package api
