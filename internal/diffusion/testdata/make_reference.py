"""python make_reference.py > reference.json: what diffusers makes of a toy model, for the tests of internal/diffusion.

Made with torch 2.8.0 and diffusers 0.39.0 on an x86 machine with AVX2. The toy denoiser is x*t/(t+1), as in diffusers'
own scheduler tests; start is unit-variance noise from seed 0 times init_noise_sigma; stochastic steps draw from the
same generator. Unlike those tests, the loop keeps the unscaled latents, as pipelines do.
"""
import itertools, json, sys, warnings
import torch, diffusers as d
warnings.filterwarnings("ignore"); d.utils.logging.set_verbosity_error()
SHAPE = (1, 4, 6, 5)  # 120 numbers: not a multiple of 16, so that the noise's tail counts
CLASSES = {"ddim": d.DDIMScheduler, "euler": d.EulerDiscreteScheduler, "euler_a": d.EulerAncestralDiscreteScheduler, "dpmpp_2m": d.DPMSolverMultistepScheduler}
SD = dict(beta_start=.00085, beta_end=.012, beta_schedule="scaled_linear")

def run(name, steps, config, eta=0., start=0):
    s = CLASSES[name](**config); s.set_timesteps(steps)
    g = torch.Generator().manual_seed(0); x = torch.randn(SHAPE, generator=g)
    order = getattr(s, "order", 1)
    ts = s.timesteps[start * order:]
    if start:
        clean = torch.linspace(-1, 1, 120).reshape(SHAPE)
        if hasattr(s, "set_begin_index"): s.set_begin_index(start * order)
        x = s.add_noise(clean, x, ts[:1])
    else: x = x * s.init_noise_sigma
    kw = {}
    step_args = s.step.__code__.co_varnames[:s.step.__code__.co_argcount]
    if "generator" in step_args: kw["generator"] = g
    if "eta" in step_args: kw["eta"] = eta
    for t in ts:
        y = s.scale_model_input(x, t); e = y * (t / (t + 1)); x = s.step(e, t, x, **kw).prev_sample
    assert torch.isfinite(x).all(), (name, steps, config)
    r = dict(sampler=name, steps=steps, config=config, eta=eta, start=start, timesteps=[float(t) for t in s.timesteps], final=[float(v) for v in x.flatten()[:16]], abs_sum=float(x.double().abs().sum()))
    return r

def main():
    out = []
    for name in CLASSES:
        for spacing, steps, pred in itertools.product(("leading", "linspace", "trailing"), (1, 2, 7, 20, 50), ("epsilon", "v_prediction")):
            out.append(run(name, steps, dict(SD, timestep_spacing=spacing, prediction_type=pred, steps_offset=1 if spacing == "leading" else 0, **({"clip_sample": False} if name == "ddim" else {}))))
        for schedule in ("linear", "squaredcos_cap_v2"):
            out.append(run(name, 10, dict(beta_schedule=schedule, timestep_spacing="leading")))
        out.append(run(name, 10, dict(SD, rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing")))
        out.append(run(name, 10, dict(SD, timestep_spacing="leading", steps_offset=1), start=4))
        if name not in ("euler_a",): out.append(run(name, 10, dict(SD, prediction_type="sample", timestep_spacing="leading")))
    for name, curve, steps, final in itertools.product(("euler", "dpmpp_2m"), ("use_karras_sigmas", "use_exponential_sigmas"), (1, 2, 7, 20), ("zero", "sigma_min")):
        if steps == 1 and final == "sigma_min": continue
        out.append(run(name, steps, dict(SD, final_sigmas_type=final, **{curve: True})))
        out.append(run(name, steps, dict(SD, final_sigmas_type=final, prediction_type="v_prediction", timestep_spacing="leading", steps_offset=1, **{curve: True})))
    for eta in (.3, 1.): out.append(run("ddim", 10, dict(SD, clip_sample=False, set_alpha_to_one=False, steps_offset=1), eta=eta))
    out.append(run("ddim", 10, dict(SD, thresholding=True, sample_max_value=3.)))
    for kw in (dict(solver_type="heun"), dict(solver_order=1), dict(thresholding=True, sample_max_value=3.), dict(lower_order_final=False), dict(euler_at_final=True, final_sigmas_type="sigma_min"), dict(lambda_min_clipped=-5.1, beta_schedule="squaredcos_cap_v2"), dict(solver_type="heun", final_sigmas_type="sigma_min", lower_order_final=False)):
        for steps in (5, 20): out.append(run("dpmpp_2m", steps, {**SD, **kw}))
    noise = []
    for seed, sizes in ((0, [1, 2, 3]), (0, [16]), (1, [17]), (2, [31, 5, 16, 3, 40]), (123456789012345, [120]), (42, [15, 15]), (7, [1, 4096])):
        g = torch.Generator().manual_seed(seed); draws = [torch.randn(n, generator=g) for n in sizes]
        noise.append(dict(seed=seed, sizes=sizes, values=[[float(v) for v in x[:8]] + [float(v) for v in x[-17:]] for x in draws]))
    json.dump(dict(noise=noise, walks=out), sys.stdout, indent=None, separators=(",", ":"))

main()
