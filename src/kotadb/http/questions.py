"""One GET for each question: its parameters are the query's, its answer is the body. A POST for those with a body."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import JSONResponse

from kotadb.http.callers import OwnerOf, PrivateRoute
from kotadb.http.models import Problem
from kotadb.postgres.database import Database
from kotadb.questions.asking import Question, ask
from kotadb.questions.envelope import Answer
from kotadb.questions.table import QUESTIONS

router = APIRouter(
    route_class=PrivateRoute, tags=["questions"], responses={"4XX": {"model": Problem}, "5XX": {"model": Problem}}
)


def _endpoint(question: Question) -> Callable[..., JSONResponse]:
    def answer(request: Request, owner: OwnerOf, parameters: Annotated[Any, Query()]) -> JSONResponse:
        database: Database = request.app.state.database
        return JSONResponse(ask(database, owner.id, question, parameters))

    place = Body() if question.in_body else Query()
    answer.__annotations__["parameters"] = Annotated[question.parameters, place]
    answer.__doc__ = question.answer.__doc__
    return answer


for _question in QUESTIONS.values():
    _route = router.post if _question.in_body else router.get
    _route(f"/{_question.name}", name=_question.name, response_model=Answer)(_endpoint(_question))
