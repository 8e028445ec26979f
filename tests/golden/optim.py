"""Twenty-five steps of PyTorch's optimisers and schedules on a small function, in double precision.

python tests/golden/optim.py > tests/golden/optim.tsv   (torch 2.15.0)
"""
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

N = 5


def gradient(p):
    i = torch.arange(N, dtype=torch.float64)
    return (i + 1) * 0.3 * p + 0.2 * torch.sin(3 * p.roll(-1)) - 0.1 * i


def start():
    return torch.nn.Parameter(torch.tensor([0.5, -1.0, 2.0, 0.1, -0.3], dtype=torch.float64))


def line(name, numbers):
    numbers = numbers.detach().tolist() if torch.is_tensor(numbers) else numbers
    print("\t".join([name] + [repr(float(x)) for x in numbers]))


print(f"# torch {torch.__version__}: tests/golden/optim.py")
o = torch.optim
RULES = {
    "sgd": lambda p: o.SGD([p], lr=0.05),
    "sgd_momentum": lambda p: o.SGD([p], lr=0.05, momentum=0.9, weight_decay=0.01),
    "sgd_nesterov": lambda p: o.SGD([p], lr=0.05, momentum=0.9, nesterov=True),
    "adam": lambda p: o.Adam([p], lr=0.05),
    "adam_decay": lambda p: o.Adam([p], lr=0.05, betas=(0.5, 0.999), eps=0.01, weight_decay=0.1),
    "adamw": lambda p: o.AdamW([p], lr=0.05, weight_decay=0.1),
    "rmsprop": lambda p: o.RMSprop([p], lr=0.01),
    "rmsprop_momentum": lambda p: o.RMSprop([p], lr=0.01, alpha=0.9, momentum=0.5, weight_decay=0.1),
    "adamax": lambda p: o.Adamax([p], lr=0.05),
}
for name, rule in RULES.items():
    for clip in ("", "norm", "value"):
        p = start()
        optimizer = rule(p)
        for _ in range(25):
            p.grad = gradient(p.detach())
            if clip == "norm":
                torch.nn.utils.clip_grad_norm_([p], 0.3)
            if clip == "value":
                torch.nn.utils.clip_grad_value_([p], 0.1)
            optimizer.step()
        line("+".join(filter(None, [name, clip])), p)

SCHEDULES = {
    "warm_up": lambda q: o.lr_scheduler.LinearLR(q, start_factor=1 / 5, total_iters=4),
    "cosine": lambda q: o.lr_scheduler.CosineAnnealingLR(q, T_max=20, eta_min=0.1),
    "step": lambda q: o.lr_scheduler.StepLR(q, step_size=4, gamma=0.7),
}
for name, schedule in SCHEDULES.items():
    optimizer = o.SGD([start()], lr=1.0)
    schedule = schedule(optimizer)
    rates = []
    for _ in range(20):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    line(name, rates)

LOSSES = [5, 4, 4.1, 4.2, 4.3, 3.9, 3.8999, 3.89985, 3.8, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3]
optimizer = o.SGD([start()], lr=1.0)
plateau = o.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=2, cooldown=1, min_lr=0.01)
rates = []
for loss in LOSSES:
    plateau.step(loss)
    rates.append(optimizer.param_groups[0]["lr"])
line("plateau", rates)

for name, average in {"ema": dict(multi_avg_fn=get_ema_multi_avg_fn(0.9)), "swa": {}}.items():
    module = torch.nn.Module()
    module.p = start()
    averaged = AveragedModel(module, **average)
    optimizer = o.SGD([module.p], lr=0.05)
    for _ in range(20):
        module.p.grad = gradient(module.p.detach())
        optimizer.step()
        averaged.update_parameters(module)
    line(name, averaged.module.p)
