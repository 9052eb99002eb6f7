"""python trainer/reference/samplers.py > internal/diffusion/testdata/reference.json: what diffusers, k-diffusion and
torch make of a toy model, for the tests of internal/diffusion.

Made with torch 2.8.0, diffusers 0.39.0, k-diffusion 0.1.1.post1, torchsde 0.2.6, numpy 2.3 on an x86 machine
with AVX2. The toy denoiser is x*t/(t+1), as in diffusers' own scheduler tests; start is unit-variance noise from seed 0
times init_noise_sigma; stochastic steps draw from the same generator. Unlike those tests, the loop keeps the unscaled
latents, as pipelines do.
"""
import itertools, json, sys, warnings
import numpy as np, torch, diffusers as d
import k_diffusion.sampling as k
from scipy import stats
warnings.filterwarnings("ignore"); d.utils.logging.set_verbosity_error()
SHAPE = (1, 4, 6, 5)  # 120 numbers: not a multiple of 16, so that the noise's tail counts
SD = dict(beta_start=.00085, beta_end=.012, beta_schedule="scaled_linear")
KARRAS, EXPO, BETA = "use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas"
CLASSES = dict(
    ddim=d.DDIMScheduler, ddpm=d.DDPMScheduler, pndm=d.PNDMScheduler, plms=d.PNDMScheduler, lms=d.LMSDiscreteScheduler,
    euler=d.EulerDiscreteScheduler, euler_a=d.EulerAncestralDiscreteScheduler, heun=d.HeunDiscreteScheduler,
    dpm_2=d.KDPM2DiscreteScheduler, dpm_2_a=d.KDPM2AncestralDiscreteScheduler, dpmpp_sde=d.DPMSolverSDEScheduler,
    dpmpp_2m=d.DPMSolverMultistepScheduler, dpmpp_2m_sde=d.DPMSolverMultistepScheduler, unipc=d.UniPCMultistepScheduler,
    deis=d.DEISMultistepScheduler, lcm=d.LCMScheduler, tcd=d.TCDScheduler, flow_euler=d.FlowMatchEulerDiscreteScheduler)
K_DIFFUSION = dict(dpmpp_2s_a=k.sample_dpmpp_2s_ancestral, dpmpp_3m_sde=k.sample_dpmpp_3m_sde)
SIGMAS = ("lms", "euler", "heun", "dpm_2", "dpm_2_a", "dpmpp_sde", "dpmpp_2m", "dpmpp_2m_sde", "unipc", "deis")
NO_SAMPLE = ("euler_a", "pndm", "plms", "dpm_2", "dpm_2_a", "dpmpp_sde", "flow_euler")


def start_noise():
    g = torch.Generator().manual_seed(0)
    return g, torch.randn(SHAPE, generator=g)


def toy(x, t): return x * (t / (t + 1))


def record(name, steps, config, timesteps, x, **more):
    assert torch.isfinite(x).all(), (name, steps, config)
    t = [float(v) for v in timesteps]
    ends = t if len(t) <= 6 else t[:3] + t[-3:]
    r = dict(sampler=name, steps=steps, config=config, calls=len(t), timesteps=ends, final=[float("%.8g" % v) for v in x.flatten()[:6]], abs_sum=float("%.9g" % x.double().abs().sum()))
    r.update({key: v for key, v in more.items() if v or key == "seed" and v is not None})
    return r


def run(name, steps, config, eta=0., start=0, seed=None, sigmas=None, mu=None):
    """One walk with diffusers; with seed the noise is torchsde's, else the caller's."""
    fixed = dict(plms=dict(skip_prk_steps=True), dpmpp_2m_sde=dict(algorithm_type="sde-dpmsolver++"), dpmpp_sde=dict(noise_sampler_seed=seed)).get(name, {})
    s = CLASSES[name](**{**config, **fixed})
    kw = dict(num_inference_steps=steps)
    if sigmas: kw = dict(sigmas=sigmas)
    if mu is not None: kw["mu"] = mu
    s.set_timesteps(**kw)
    g, x = start_noise()
    ts = s.timesteps[start * s.order:]
    if start:
        if hasattr(s, "set_begin_index"): s.set_begin_index(start * s.order)
        noised = s.scale_noise if name == "flow_euler" else s.add_noise
        clean = torch.linspace(-1, 1, 120).reshape(SHAPE)
        x = noised(clean, ts[:1], x) if name == "flow_euler" else noised(clean, x, ts[:1])
    elif name != "flow_euler": x = x * s.init_noise_sigma
    if name == "dpmpp_sde" and seed is None: s.noise_sampler = lambda a, b: torch.randn(SHAPE, generator=g)
    kw = {}
    args = s.step.__code__.co_varnames[:s.step.__code__.co_argcount]
    if "generator" in args: kw["generator"] = g
    if "eta" in args: kw["eta"] = eta
    for t in ts:
        y = s.scale_model_input(x, t) if hasattr(s, "scale_model_input") else x
        x = s.step(toy(y, t), t, x, **kw).prev_sample
    return record(name, steps, config, s.timesteps, x, eta=eta, start=start, seed=seed, sigmas=sigmas and [float(v) for v in sigmas] + ([] if name == "euler" else [0.]), mu=mu)


def run_k(name, steps, config, seed=None):
    """One walk with k-diffusion over the noise levels of diffusers' Euler."""
    s = d.EulerDiscreteScheduler(**config); s.set_timesteps(steps)
    logs = np.log(np.array(((1 - s.alphas_cumprod) / s.alphas_cumprod) ** .5))
    g, x = start_noise(); x = x * s.init_noise_sigma
    at = {float(v): float(t) for v, t in zip(s.sigmas[:-1], s.timesteps)}
    told = []
    def denoised(x, sigma, **_):
        v = float(sigma[0]); t = at.get(v)
        if t is None: t = float(s._sigma_to_t(np.float32(v), logs))
        told.append(t)
        out = toy(x / (sigma[0] ** 2 + 1) ** .5, torch.tensor(t))
        if config.get("prediction_type") == "v_prediction": return out * (-v / (v * v + 1) ** .5) + x / (v * v + 1)
        if config.get("prediction_type") == "sample": return out
        return x - v * out
    sampler = lambda a, b: torch.randn(SHAPE, generator=g)
    if seed is not None: sampler = k.BrownianTreeNoiseSampler(x, s.sigmas[s.sigmas > 0].min(), s.sigmas.max(), seed=seed)
    x = K_DIFFUSION[name](denoised, x, s.sigmas, disable=True, noise_sampler=sampler)
    return record(name, steps, config, told, x, seed=seed)


def run_2m_sde_tree(steps, config, seed):
    """diffusers' dpmpp_2m_sde with the noise of torchsde's tree, as k-diffusion asks it."""
    s = d.DPMSolverMultistepScheduler(algorithm_type="sde-dpmsolver++", **config); s.set_timesteps(steps)
    _, x = start_noise()
    tree = k.BrownianTreeNoiseSampler(x, s.sigmas[s.sigmas > 0].min(), s.sigmas.max(), seed=seed)
    for i, t in enumerate(s.timesteps):
        z = tree(s.sigmas[i], s.sigmas[i + 1]) if s.sigmas[i + 1] > 0 else torch.zeros(SHAPE)
        x = s.step(toy(x, t), t, x, variance_noise=z).prev_sample
    return record("dpmpp_2m_sde", steps, config, s.timesteps, x, seed=seed)


def walks():
    out = []
    def add(*a, **kw): out.append(run(*a, **kw))
    for name in CLASSES:
        if name == "flow_euler": continue
        clip = {"clip_sample": False} if name in ("ddim", "ddpm") else {}
        few = 4 if name == "pndm" else 1
        last = 40 if name in ("lcm", "tcd") else 50
        for spacing, steps, pred in itertools.product(("leading", "linspace", "trailing"), (few, 7, 20, last), ("epsilon", "v_prediction")):
            if name in ("lcm", "tcd") and spacing != "leading": continue
            if steps == last and spacing != "leading" and pred == "epsilon": continue
            add(name, steps, dict(SD, timestep_spacing=spacing, prediction_type=pred, steps_offset=1 if spacing == "leading" else 0, **clip))
        for schedule in ("linear", "squaredcos_cap_v2"):
            if name == "tcd" and schedule != "linear": continue  # its first step divides by nearly 0: torch's own rounding shows
            add(name, 10, dict(beta_start=.0001, beta_end=.02, beta_schedule=schedule, timestep_spacing="leading"))
        add(name, 10, dict(SD, timestep_spacing="leading", steps_offset=1), start=4)
        if name not in NO_SAMPLE: add(name, 10, dict(SD, prediction_type="sample", timestep_spacing="leading"))
        if name in ("ddim", "ddpm", "euler", "euler_a", "dpmpp_2m", "dpmpp_2m_sde", "unipc", "lcm", "tcd"):
            add(name, 10, dict(SD, rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing"))
        if name in SIGMAS:
            for curve, steps in itertools.product((KARRAS, EXPO, BETA), (2, 7, 20)):
                # On a way as long as that of two steps, torch's float32 can't tell where half-way down is.
                add(name, 4 if name == "dpm_2_a" and steps == 2 else steps, dict(SD, **{curve: True}))
            add(name, 10, dict(SD, prediction_type="v_prediction", timestep_spacing="leading", steps_offset=1, **{KARRAS: True}), start=3)
    for name in ("euler", "dpmpp_2m", "unipc"):
        for curve, steps in itertools.product((KARRAS, EXPO, BETA), (2, 7, 20)): add(name, steps, dict(SD, final_sigmas_type="sigma_min", **{curve: True}))
    for eta in (.3, 1.): add("ddim", 10, dict(SD, clip_sample=False, set_alpha_to_one=False, steps_offset=1), eta=eta)
    for eta in (.3, .7, 1.): add("tcd", 6, dict(SD), eta=eta)
    add("tcd", 4, dict(SD, original_inference_steps=25, prediction_type="v_prediction"), eta=.5)
    add("lcm", 4, dict(SD, original_inference_steps=25, timestep_scaling=5., clip_sample=True))
    for name in ("ddim", "ddpm", "lcm", "dpmpp_2m", "dpmpp_2m_sde", "unipc", "deis"): add(name, 10, dict(SD, thresholding=True, sample_max_value=3.))
    for v in ("fixed_small_log", "fixed_large"): add("ddpm", 10, dict(SD, clip_sample=False, variance_type=v))
    add("heun", 10, dict(SD, clip_sample=True, clip_sample_range=2.))
    for kw in (dict(solver_type="heun"), dict(solver_order=1), dict(solver_order=3), dict(lower_order_final=False), dict(euler_at_final=True, final_sigmas_type="sigma_min"), dict(lambda_min_clipped=-5.1, beta_schedule="squaredcos_cap_v2"), dict(solver_type="heun", final_sigmas_type="sigma_min", lower_order_final=False)):
        for name, steps in itertools.product(("dpmpp_2m", "dpmpp_2m_sde"), (5, 20)): add(name, steps, {**SD, **kw})
    for kw in (dict(), dict(solver_type="heun"), dict(solver_order=3), dict(solver_order=3, thresholding=True, prediction_type="v_prediction")):
        for a in ("dpmsolver", "sde-dpmsolver"):
            if a == "dpmsolver" or kw.get("solver_order") != 3: add("dpmpp_2m", 16, dict(SD, algorithm_type=a, final_sigmas_type="sigma_min", **kw))
    for steps in (5, 20): add("dpmpp_2m", steps, dict(SD, use_lu_lambdas=True))
    for kw in (dict(solver_order=3), dict(solver_order=1), dict(solver_type="bh1", final_sigmas_type="sigma_min"), dict(solver_order=3, solver_type="bh1", final_sigmas_type="sigma_min"), dict(predict_x0=False, final_sigmas_type="sigma_min", solver_order=3), dict(disable_corrector=[0, 1, 4]), dict(lower_order_final=False, final_sigmas_type="sigma_min", solver_order=3)):
        for steps in (5, 20): add("unipc", steps, {**SD, **kw})
    for kw in (dict(solver_order=3), dict(solver_order=1), dict(solver_order=3, lower_order_final=False), dict(solver_order=3, prediction_type="v_prediction")):
        for steps in (5, 20): add("deis", steps, {**SD, **kw})
    for name, steps, shift in itertools.product(("dpmpp_2m", "dpmpp_2m_sde", "unipc"), (4, 18), (1., 3.)):
        add(name, steps, dict(use_flow_sigmas=True, flow_shift=shift, prediction_type="flow_prediction"))
    add("euler", 10, dict(SD, timestep_type="continuous", prediction_type="v_prediction", **{KARRAS: True}))
    add("euler", 10, dict(SD, interpolation_type="log_linear"))
    add("euler", 10, dict(SD, sigma_min=.1, sigma_max=8., **{KARRAS: True}))
    add("euler", 4, dict(SD), sigmas=[12., 5., 1.5, .3, 0.])
    for steps, pred, kw in itertools.product((2, 7, 16), ("epsilon", "v_prediction"), (dict(), {KARRAS: True})):
        for seed in (0, 123456789012): add("dpmpp_sde", steps, dict(SD, prediction_type=pred, **kw), seed=seed)
    for name in K_DIFFUSION:
        for steps, pred, kw in itertools.product((4, 7, 20), ("epsilon", "v_prediction"), (dict(), {KARRAS: True}, dict(timestep_spacing="leading", steps_offset=1))):
            out.append(run_k(name, steps, dict(SD, prediction_type=pred, **kw)))
        out.append(run_k(name, 10, dict(SD, prediction_type="sample", **{EXPO: True})))
    for steps in (3, 12):
        out.append(run_k("dpmpp_3m_sde", steps, dict(SD, **{KARRAS: True}), seed=42))
        out.append(run_2m_sde_tree(steps, dict(SD, **{KARRAS: True}), 42))
    flow = dict(num_train_timesteps=1000)
    for steps, kw in itertools.product((1, 4, 18), (dict(), dict(shift=3.), dict(shift=3., stochastic_sampling=True))): add("flow_euler", steps, dict(flow, **kw))
    for kw in (dict(shift_terminal=.1), dict(shift=2., **{KARRAS: True}), dict(shift=2., **{BETA: True}), dict(shift=2., **{EXPO: True})): add("flow_euler", 6, dict(flow, **kw))
    for shape in ("exponential", "linear"): add("flow_euler", 6, dict(flow, use_dynamic_shifting=True, time_shift_type=shape), mu=.8)
    add("flow_euler", 6, dict(flow, shift=3.), start=2)
    add("flow_euler", 3, dict(flow, shift=3.), sigmas=[1., .6, .2])
    return out


def noises():
    out = []
    for seed, sizes in ((0, [1, 2, 3]), (0, [16]), (1, [17]), (2, [31, 5, 16, 3, 40]), (123456789012345, [120]), (42, [15, 15]), (7, [1, 4096]), (3, [15, 1, 16, 2]), (2**32 + 5, [33])):
        g = torch.Generator().manual_seed(seed); draws = [torch.randn(n, generator=g) for n in sizes]
        out.append(dict(seed=seed, sizes=sizes, values=[[float(v) for v in x[:8]] + [float(v) for v in x[-17:]] for x in draws]))
    return out


def slerp(val, low, high):
    """The mix of two noises, as the web UI's modules/rng.py has it."""
    dot = (low / torch.norm(low, dim=1, keepdim=True) * high / torch.norm(high, dim=1, keepdim=True)).sum(1)
    if dot.mean() > .9995: return low * val + high * (1 - val)
    omega = torch.acos(dot); so = torch.sin(omega)
    return (torch.sin((1 - val) * omega) / so).unsqueeze(1) * low + (torch.sin(val * omega) / so).unsqueeze(1) * high


def variations():
    out = []
    for seed, sub, strength in ((0, 1, .1), (0, 1, .5), (7, 8, .9), (3, 3, .25)):
        a, b = (torch.randn(4, 6, 5, generator=torch.Generator().manual_seed(v)) for v in (seed, sub))
        out.append(dict(seed=seed, sub=sub, strength=strength, values=[float(v) for v in slerp(strength, a, b).flatten()[:20]]))
    return out


def main():
    quantiles = [dict(p=p, x=float(stats.beta.ppf(p, .6, .6))) for p in (1e-6, .01, .1, .3, .5, .77, .99, 1 - 1e-6)]
    json.dump(dict(noise=noises(), variations=variations(), quantiles=quantiles, walks=walks()), sys.stdout, indent=None, separators=(",", ":"))


main()
