"""The forward process, what a network is asked for, and drawing: from a model's own scheduler_config.json."""

import torch


class Noise:
    """Adds noise as the model's training did, and says what the network should have answered."""

    def __init__(self, config: dict, device):
        from diffusers import DDPMScheduler

        known = {k: v for k, v in config.items() if k in (
            "beta_start", "beta_end", "beta_schedule", "num_train_timesteps", "prediction_type", "trained_betas", "rescale_betas_zero_snr",
        )}
        made = DDPMScheduler(**known)
        self.kind = known.get("prediction_type", "epsilon")
        self.steps = made.config.num_train_timesteps
        alphas = made.alphas_cumprod.to(device)
        self.signal, self.noise = alphas.sqrt(), (1 - alphas).sqrt()

    def mix(self, latents, noise, t):
        a, b = (v[t].view(-1, 1, 1, 1) for v in (self.signal, self.noise))
        return a * latents + b * noise

    def target(self, latents, noise, t):
        a, b = (v[t].view(-1, 1, 1, 1) for v in (self.signal, self.noise))
        if self.kind == "epsilon":
            return noise
        if self.kind == "v_prediction":
            return a * noise - b * latents
        if self.kind == "sample":
            return latents
        raise ValueError(f"models that predict {self.kind!r} can't be trained here")


@torch.no_grad()
def draw(base, prompts: list[str], seeds: list[int], steps: int, guidance: float, controls=None) -> torch.Tensor:
    """Pictures [n, 3, height, width], 0…1, by DPM++ 2M with Karras sigmas. The noise is that of torch's CPU generator, so
    that a seed means the same on every device."""
    from diffusers import DPMSolverMultistepScheduler

    scheduler = DPMSolverMultistepScheduler.from_config(base.scheduler, use_karras_sigmas=True, algorithm_type="dpmsolver++", final_sigmas_type="zero")
    scheduler.set_timesteps(steps, device=base.device)
    shape = base.latent_shape
    x = torch.stack([torch.randn(shape, generator=torch.Generator().manual_seed(s)) for s in seeds]).to(base.device) * scheduler.init_noise_sigma
    given = base.stack([base.empty] * len(prompts) + base.read(prompts))
    twice = None if controls is None else torch.cat([controls, controls])
    for t in scheduler.timesteps:
        asked = scheduler.scale_model_input(torch.cat([x, x]), t)
        without, with_prompt = base.predict(asked, t.expand(2 * len(prompts)), given, twice).chunk(2)
        x = scheduler.step(without + guidance * (with_prompt - without), t, x).prev_sample
    return ((base.decode(x).clamp(-1, 1) + 1) / 2).cpu()
