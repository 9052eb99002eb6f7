package web

import (
	"context"
	"math"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"

	"presswerk/internal/access"
	"presswerk/internal/art"
	"presswerk/internal/provenance"
)

// Bodies of the API. Lists are wrapped so that more can stand beside them later.
type (
	runsBody     struct{ Body runsDocument }
	runsDocument struct {
		Runs []art.RunView `json:"runs"`
	}
	runBody            struct{ Body art.RunView }
	candidatesBody     struct{ Body candidatesDocument }
	candidatesDocument struct {
		Candidates []art.CandidateView `json:"candidates"`
	}
	candidateBody  struct{ Body art.CandidateView }
	briefsBody     struct{ Body briefsDocument }
	briefsDocument struct {
		Briefs []BriefCard `json:"briefs"`
	}
	assetsBody     struct{ Body assetsDocument }
	assetsDocument struct {
		Assets []art.Asset `json:"assets"`
	}
	assetBody       struct{ Body art.Asset }
	comparisonBody  struct{ Body art.Comparison }
	verifyBody      struct{ Body provenance.Verification }
	snippetBody     struct{ Body snippetDocument }
	snippetDocument struct {
		HTML string `json:"html"`
	}
	decisionRequest struct {
		Candidate string `path:"id" doc:"Identity of the candidate."`
		Body      struct {
			Action art.Action `json:"action" enum:"approve,reject,fix,escalate" doc:"Fix sends the picture back to be made again."`
			Reason string     `json:"reason,omitempty" doc:"Needed to send back, and to take back what is published."`
			By     string     `json:"by,omitempty" doc:"Who decides; the studio's own user when left out."`
		}
	}
	disclosureRequest struct {
		Candidate string `path:"id" doc:"Identity of the candidate."`
		Body      struct {
			art.Stance
			By string `json:"by,omitempty" doc:"Who says so; the studio's own user when left out."`
		}
	}
	makeRequest struct {
		Body struct {
			Brief string `json:"brief" doc:"Name of a brief of the workspace, without .yaml."`
		}
	}
	idRequest struct {
		ID string `path:"id"`
	}
	againRequest struct {
		idRequest
		Pay bool `query:"pay" doc:"Buy the picture anew where its engine costs something."`
	}
	searchRequest struct {
		Words string `query:"q" doc:"All of these words must occur."`
	}
	snippetRequest struct {
		ID       string `path:"id"`
		Language string `query:"language" enum:"en,de" default:"en"`
	}
	pictureRequest struct {
		RawBody []byte `contentType:"application/octet-stream"`
	}
)

// api puts the operations under /api/v1 and their description at /openapi.json.
func (s *Studio) api(r chi.Router) {
	c := huma.DefaultConfig("Presswerk", s.Version)
	c.DocsPath, c.SchemasPath = "", ""
	c.CreateHooks = nil // no $schema fields in answers
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"key": {Type: "http", Scheme: "bearer", Description: "A key of 'presswerk keys new'."}}
	c.Security = []map[string][]string{{"key": {}}}
	api := humachi.New(r, c)
	api.UseMiddleware(s.apiKey(api))

	get(api, "list-briefs", "/briefs", "Briefs of the workspace.", func(ctx context.Context, _ *struct{}) (*briefsBody, error) {
		b, err := s.Briefs(ctx)
		return &briefsBody{briefsDocument{append([]BriefCard{}, b...)}}, err
	})
	get(api, "list-runs", "/runs", "All runs, the newest first.", func(ctx context.Context, _ *struct{}) (*runsBody, error) {
		runs, err := s.Line.Runs(ctx)
		return &runsBody{runsDocument{append([]art.RunView{}, runs...)}}, err
	})
	get(api, "get-run", "/runs/{id}", "One run with its figures.", func(ctx context.Context, in *idRequest) (*runBody, error) {
		run, err := s.Line.Run(ctx, in.ID)
		return &runBody{run}, err
	})
	get(api, "list-candidates", "/runs/{id}/candidates", "A run's candidates in the order of its plan.", func(ctx context.Context, in *idRequest) (*candidatesBody, error) {
		if _, err := s.Line.Run(ctx, in.ID); err != nil {
			return nil, err
		}
		all, err := s.Line.Candidates(ctx, in.ID)
		return &candidatesBody{candidatesDocument{append([]art.CandidateView{}, all...)}}, err
	})
	get(api, "get-candidate", "/candidates/{id}", "One candidate with all that was said about it.", func(ctx context.Context, in *idRequest) (*candidateBody, error) {
		v, err := s.Line.Candidate(ctx, in.ID)
		return &candidateBody{v}, err
	})
	get(api, "list-assets", "/assets", "Assets in which all words occur, the newest first.", func(ctx context.Context, in *searchRequest) (*assetsBody, error) {
		all, err := s.Line.Assets(ctx, in.Words)
		return &assetsBody{assetsDocument{append([]art.Asset{}, all...)}}, err
	})
	get(api, "get-asset", "/assets/{id}", "One asset with its recipe, rights and files.", func(ctx context.Context, in *idRequest) (*assetBody, error) {
		a, err := s.Line.Asset(ctx, in.ID)
		return &assetBody{a}, err
	})
	get(api, "get-snippet", "/assets/{id}/snippet", "The picture element and its JSON-LD.", s.apiSnippet)

	post(api, "make", "/runs", "Start a run from a brief, or find the equal one.", access.Make, func(ctx context.Context, in *makeRequest) (*runBody, error) {
		run, err := s.Make(ctx, in.Body.Brief)
		return &runBody{run}, err
	})
	post(api, "decide", "/candidates/{id}/decisions", "Approve, reject or send back a candidate.", access.Decide, s.apiDecide)
	post(api, "disclose", "/candidates/{id}/disclosures", "Say whether somebody could take a candidate for real.", access.Decide, s.apiDisclose)
	post(api, "fix", "/candidates/{id}/fixes", "Have a part of a candidate made anew, as a new candidate.", access.Decide, s.apiFix)
	post(api, "again", "/assets/{id}/again", "Make an asset's picture again and compare.", access.Make, func(ctx context.Context, in *againRequest) (*comparisonBody, error) {
		c, err := s.Line.Again(ctx, in.ID, in.Pay)
		return &comparisonBody{c}, err
	})
	post(api, "verify", "/verify", "Say what each layer of a picture tells about its origin. The body is the file.", access.Read, func(ctx context.Context, in *pictureRequest) (*verifyBody, error) {
		v, err := s.origin(ctx, in.RawBody)
		return &verifyBody{v}, err
	})
}

func get[I, O any](api huma.API, id, path, summary string, handle func(context.Context, *I) (*O, error)) {
	register(api, huma.Operation{OperationID: id, Method: http.MethodGet, Path: "/api/v1" + path, Summary: summary}, access.Read, handle)
}

func post[I, O any](api huma.API, id, path, summary string, scope access.Scope, handle func(context.Context, *I) (*O, error)) {
	register(api, huma.Operation{
		OperationID: id, Method: http.MethodPost, Path: "/api/v1" + path, Summary: summary, MaxBodyBytes: maxUpload,
	}, scope, handle)
}

// register adds an operation that needs a scope and whose errors become problems (RFC 9457).
func register[I, O any](api huma.API, o huma.Operation, scope access.Scope, handle func(context.Context, *I) (*O, error)) {
	o.Errors = []int{401, 403, 404, 409, 422, 503}
	huma.Register(api, o, func(ctx context.Context, in *I) (*O, error) {
		if err := allowed(ctx, scope); err != nil {
			return nil, huma.NewError(http.StatusForbidden, err.Error())
		}
		out, err := handle(ctx, in)
		if err != nil {
			return nil, huma.NewError(status(err), err.Error())
		}
		return out, nil
	})
}

// apiKey refuses requests without a key.
func (s *Studio) apiKey(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, _ := humachi.Unwrap(ctx)
		k, ok, err := s.authorize(r)
		if ctx.Operation().OperationID == "verify" && !ok && err == nil && s.door.Public {
			s.apiStranger(api, ctx, r, next)
			return
		}
		if err == nil && ok {
			next(huma.WithValue(ctx, keyContext{}, k))
			return
		}
		code, message := http.StatusUnauthorized, "send a key as 'Authorization: Bearer …'; 'presswerk keys new' makes one"
		if err != nil {
			code, message = status(err), err.Error()
		}
		ctx.SetHeader("WWW-Authenticate", "Bearer")
		if err := huma.WriteErr(api, ctx, code, message); err != nil {
			s.Logger.Error("writing an answer", "error", err)
		}
	}
}

// apiStranger lets a request without a key in through the open door, which may read what verify says and nothing else.
func (s *Studio) apiStranger(api huma.API, ctx huma.Context, r *http.Request, next func(huma.Context)) {
	free, wait := s.door.limit.take(clientOf(r, s.door.Proxies))
	code, message := http.StatusTooManyRequests, errTooMany.Error()
	if free && r.ContentLength > int64(s.door.MaxBytes) {
		free, code, message = false, http.StatusRequestEntityTooLarge, "the file is too large"
	}
	if free {
		r.Body = http.MaxBytesReader(nil, r.Body, int64(s.door.MaxBytes))
		next(huma.WithValue(ctx, keyContext{}, access.Key{Scopes: []access.Scope{access.Read}}))
		return
	}
	if wait > 0 {
		ctx.SetHeader("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	if err := huma.WriteErr(api, ctx, code, message); err != nil {
		s.Logger.Error("writing an answer", "error", err)
	}
}

func (s *Studio) apiDecide(ctx context.Context, in *decisionRequest) (*candidateBody, error) {
	d := art.Decision{Candidate: in.Candidate, Action: in.Body.Action, Reason: in.Body.Reason, By: in.Body.By}
	if d.By == "" {
		d.By = s.User
	}
	if err := s.Line.Decide(ctx, d); err != nil {
		return nil, err
	}
	v, err := s.Line.Candidate(ctx, in.Candidate)
	return &candidateBody{v}, err
}

func (s *Studio) apiDisclose(ctx context.Context, in *disclosureRequest) (*candidateBody, error) {
	d := art.Disclosure{Candidate: in.Candidate, Stance: in.Body.Stance, By: in.Body.By}
	if d.By == "" {
		d.By = s.User
	}
	if err := s.Line.Disclose(ctx, d); err != nil {
		return nil, err
	}
	v, err := s.Line.Candidate(ctx, in.Candidate)
	return &candidateBody{v}, err
}

func (s *Studio) apiSnippet(ctx context.Context, in *snippetRequest) (*snippetBody, error) {
	a, err := s.Line.Asset(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	run, err := s.Line.Run(ctx, a.Run)
	if err != nil {
		return nil, err
	}
	html, err := s.snippet(run, a, in.Language)
	return &snippetBody{snippetDocument{html}}, err
}
