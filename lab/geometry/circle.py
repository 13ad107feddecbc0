"""Circle World: unit vectors in two dimensions, where a picture loses nothing and a rotation is one angle.

Scores are inner products, and ⟨Rq, Rd⟩ = ⟨q, d⟩ for every rotation R: a student whose two towers are both turned has
the teacher's scores exactly and stands nowhere near the teacher. What a loss on scores cannot see is shown here by the
lab's own losses. In the same world: how hard ‖t − s‖ and ‖t − s‖² pull, and how they arrive.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from lab.errors import LabError
from lab.geometry.checks import Floats, pair
from lab.geometry.measures import mean_distance
from lab.losses import Distance, matching, score_distillation

TEMPERATURE = 0.05  # of the score loss


@dataclass(frozen=True, eq=False)
class CircleWorld:
    """queries: (n, 2), documents: (m, 2), unit vectors as the teacher has them."""

    queries: Floats
    documents: Floats


@dataclass(frozen=True, eq=False)
class Turned:
    """A student whose towers are the teacher's, both turned.

    degrees: by how much, counter-clockwise · queries, documents: (n, 2), (m, 2) the student's
    score_loss: KL(teacher ‖ student) of the scores at `TEMPERATURE` · matching_loss: mean ‖t − s‖ of the queries
    teacher_top: (n,) the teacher's first document of each query · own_top: the student's in its own documents
    top: the student's in the teacher's documents
    """

    world: CircleWorld
    degrees: float
    queries: Floats
    documents: Floats
    score_loss: float
    matching_loss: float
    teacher_top: np.ndarray
    own_top: np.ndarray
    top: np.ndarray

    @property
    def kept(self) -> int:
        """Queries that find the teacher's first document in the teacher's index."""
        return int((self.top == self.teacher_top).sum())

    @property
    def kept_in_own(self) -> int:
        """The same in the student's own documents."""
        return int((self.own_top == self.teacher_top).sum())


def circle_world(queries: int = 8, documents: int = 12, seed: int = 1) -> CircleWorld:
    """A teacher: documents and queries around the circle, each at about equal distances.

    Raises:
        LabError: fewer than one query or two documents.
    """
    if queries < 1 or documents < 2:
        raise LabError(f"queries={queries}, documents={documents}: a search needs one query and two documents.")
    random = np.random.default_rng(seed)
    around, asked = (
        360 / count * (np.arange(count) + random.uniform(-0.3, 0.3, count)) for count in (documents, queries)
    )
    return CircleWorld(on_circle(asked), on_circle(around))


def on_circle(degrees: np.ndarray) -> Floats:
    """(n,) angles → (n, 2) unit vectors."""
    radians = np.radians(np.asarray(degrees, dtype=np.float64))
    return np.stack([np.cos(radians), np.sin(radians)], axis=1)


def rotation(degrees: float) -> Floats:
    """(2, 2) R with `vectors @ R` turned counter-clockwise."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cos, sin], [-sin, cos]])


def turn(world: CircleWorld, degrees: float) -> Turned:
    """Turn both towers and measure what each loss and each index says of it.

    Raises:
        LabError: an angle that is no finite number, or vectors of more than two dimensions.
    """
    if not math.isfinite(degrees):
        raise LabError(f"degrees must be a finite number, got {degrees}.")
    if world.queries.shape[1:] != (2,) or world.documents.shape[1:] != (2,):
        raise LabError(f"Circle World is flat: vectors of shape (n, 2), got {world.queries.shape}.")
    queries, documents = world.queries @ rotation(degrees), world.documents @ rotation(degrees)
    return Turned(
        world,
        float(degrees),
        queries,
        documents,
        score_loss(world.queries @ world.documents.T, queries @ documents.T),
        mean_distance(world.queries, queries),
        (world.queries @ world.documents.T).argmax(axis=1),
        (queries @ documents.T).argmax(axis=1),
        (queries @ world.documents.T).argmax(axis=1),
    )


def score_loss(teacher_scores: Floats, student_scores: Floats) -> float:
    """KL(teacher ‖ student) of (n, m) scores, by the lab's own loss; 0 where the student copies them."""
    teacher, student = pair("teacher_scores", teacher_scores, "student_scores", student_scores)
    loss = score_distillation(torch.from_numpy(student), torch.from_numpy(teacher), temperature=TEMPERATURE, kl=True)
    return max(0.0, float(loss))  # rounding may leave −1e-17


def pull(degrees: float, distance: Distance = "norm") -> tuple[float, float]:
    """How hard a matching term pulls at a unit vector so many degrees from its teacher, by autograd.

    Returns: (length of the gradient with respect to the vector, with respect to its angle in radians). A student
        that is not normalised feels the first, one on the unit sphere only the part along the sphere, the second.
    """
    teacher = torch.tensor([[1.0, 0.0]], dtype=torch.double)
    angle = torch.tensor(math.radians(degrees), dtype=torch.double, requires_grad=True)
    student = torch.stack([angle.cos(), angle.sin()])[None]
    loss = matching(student, teacher, distance)
    on_vector, on_angle = torch.autograd.grad(loss, [student, angle])
    return float(on_vector.norm()), float(on_angle.abs())


def descend(degrees: float, distance: Distance = "norm", rate: float = 0.1, steps: int = 40) -> Floats:
    """Plain gradient descent on the angle of a unit vector that starts so many degrees from its teacher.

    Returns: (steps + 1,) ‖t − s‖ before the first step and after each.
    Raises:
        LabError: a rate that is not above 0, or a negative number of steps.
    """
    if not rate > 0 or steps < 0:
        raise LabError(f"rate={rate}, steps={steps}: a rate above 0 and no negative number of steps.")
    teacher = torch.tensor([[1.0, 0.0]], dtype=torch.double)
    angle = torch.tensor(math.radians(degrees), dtype=torch.double, requires_grad=True)
    seen = []
    for _ in range(steps + 1):
        student = torch.stack([angle.cos(), angle.sin()])[None]
        seen.append(float((student - teacher).detach().norm()))
        (slope,) = torch.autograd.grad(matching(student, teacher, distance), [angle])
        with torch.no_grad():
            angle -= rate * slope
    return np.array(seen)
